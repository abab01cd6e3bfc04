/**
 * Links over which peers are not heard any more, although they are over others (packages/heartbeat/src/link-watch.ts): a dead heartbeat
 * link is harmless as long as there is a second one, so somebody must say so. Heartbeats of their own take turns over the links
 * (packages/heartbeat/src/route.ts); where others are piggybacked on renewals, which keep to the link that works, they go all the same.
 */
import type { LeaseLink, LeaseView } from '@lvsm/protocol'
import { after, type Instant, type Trouble, listed } from '@lvsm/base'
import { LinkWatch, type Pace } from '@lvsm/heartbeat'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import type { LeaseState } from './state.ts'

const linksByView = new WeakMap<LeaseView, readonly LeaseLink[]>()
/** Asked for every datagram, so it is looked up once for each view (a view never changes). */
export function ownLinks(view: LeaseView): readonly LeaseLink[] {
  const known = linksByView.get(view) ?? view.nodes.find(({ name }) => name === view.node)?.links ?? []
  linksByView.set(view, known)
  return known
}

export interface SharedLink {
  readonly own: LeaseLink
  /** Of our own links. */
  readonly index: number
}
function findShared(view: LeaseView, name: string): SharedLink[] {
  const theirs = view.nodes.find((node) => node.name === name)?.links ?? []
  return ownLinks(view).flatMap((own, index) => (theirs.some((one) => one.name === own.name) ? [{ own, index }] : []))
}
const sharedByView = new WeakMap<LeaseView, Map<string, readonly SharedLink[]>>()
/** Asked for every datagram, so it is looked up once for each view and peer (a view never changes). */
export function sharedLinks(view: LeaseView, name: string): readonly SharedLink[] {
  const known = sharedByView.get(view) ?? new Map<string, readonly SharedLink[]>()
  sharedByView.set(view, known)
  const shared = known.get(name) ?? findShared(view, name)
  known.set(name, shared)
  return shared
}

/** Under which the adapters tell of a link of ours that they cannot bind. */
export const linkSource = (name: string): string => `link ${name}`
/** Nothing leaves over it, until they can. */
export const isUnbound = ({ reported }: LeaseState, { own }: SharedLink): boolean => reported.has(linkSource(own.name))

const NEVER = Number.POSITIVE_INFINITY as Instant
/** A heartbeat goes to these nodes alone. The next one does after an interval, whatever rides on other messages: each link is tried in its turn. */
export function probed(state: LeaseState, view: LeaseView, nodes: readonly string[]): void {
  for (const node of nodes) {
    const isOne = sharedLinks(view, node).length < 2
    state.probeAt.set(node, isOne ? NEVER : after(state.now, heartbeatIntervalMs(view, state.node, node)))
  }
}

const paceOf = (state: LeaseState, view: LeaseView, node: string): Pace => ({
  intervalMs: heartbeatIntervalMs(view, node, state.node),
  links: sharedLinks(view, node).length,
})

/** How a datagram that counts came. */
export interface Heard {
  readonly node: string
  /** Of ours. */
  readonly link: number
  /** A heartbeat of its own. */
  readonly alone: boolean
  /** It was silent on all links before. */
  readonly begun: boolean
}
export function heardOver(state: LeaseState, view: LeaseView, { node, link, alone, begun }: Heard): void {
  const known = begun ? undefined : state.linksHeard.get(node)
  // What was lost with a silent link was told as that.
  if (known && isSilent(state, view, node, link)) state.losses.get(node)?.forget(link)
  const heard = known ?? new LinkWatch(ownLinks(view).length, state.now)
  heard.heard(link, alone, state.now, paceOf(state, view, node))
  if (!alone) state.wordsFrom.set(node, link)
  if (heard !== known) state.linksHeard.set(node, heard)
  // That is told now, and not with the next word of each second.
  const silent = silentOf(state, view, node)
  if (silent === heard.told) return
  heard.told = silent
  state.effects.push({ kind: 'claimed' })
}
/**
 * Our link for a word to a peer that nobody answers: the one by which its last word came that was no heartbeat of its own. Those take turns
 * over all links, and its other words go where it hears this node: a link that carries in one direction alone is left out. Null: none came,
 * or that link is silent by now.
 */
export function wordLink(state: LeaseState, name: string): number | null {
  const link = state.wordsFrom.get(name)
  const isOver = link === undefined || (state.view !== null && isSilent(state, state.view, name, link))
  return isOver ? null : link
}

/** As the bits of a number. */
function silentOf(state: LeaseState, view: LeaseView, node: string): number {
  let found = 0
  for (const { index } of sharedLinks(view, node)) if (isSilent(state, view, node, index)) found |= 1 << index
  return found
}

/** One for each link of ours that is silent. */
export function linkTroubles(state: LeaseState, view: LeaseView): Trouble[] {
  return ownLinks(view).flatMap((link, index): Trouble[] => {
    const peers = view.nodes.filter(
      ({ name, links }) => isAlive(state, view, name) && links.some((one) => one.name === link.name),
    )
    const silent = peers.filter(({ name }) => isSilent(state, view, name, index)).map(({ name }) => name)
    if (silent.length === 0) return []
    const who = silent.length === peers.length && silent.length > 1 ? ANYBODY : namesOf(silent)
    // In the same words by whoever does not hear it: one trouble.
    const message = `over the heartbeat link ${link.name} nothing comes from ${who}, but over another one`
    const evidence = `${state.node} listens there at ${link.address}, UDP port ${link.port}; whether the other direction works, the others say`
    const hint = `${firstLook(who)}check cable, switch and firewall of ${link.name} (UDP port ${link.port}): with one link left, the next fault separates the nodes`
    return [{ code: 'link-silent', severity: 'warning', object: `link ${link.name}`, message, evidence, hint }]
  })
}

const ANYBODY = 'anybody'
/** Who hears nobody while the others hear each other, and who is not heard by several, is the one to look at. */
function firstLook(who: string): string {
  if (who === ANYBODY)
    return 'where the others hear each other over it, look at this node first (ip -br addr, ip -br link, its port of the switch); '
  return who.includes(' ') ? '' : `on ${who}: ip -br addr, ip -br link, nft list ruleset; then `
}

function isAlive(state: LeaseState, { timing }: LeaseView, name: string): boolean {
  const at: Instant | null = state.peerTable.heardAt(name)
  return at !== null && state.now < after(at, timing.deadtimeMs)
}
export const isSilent = (state: LeaseState, view: LeaseView, name: string, link: number): boolean =>
  state.linksHeard.get(name)?.isSilent(link, state.now, view.timing, paceOf(state, view, name)) === true

const MOST_NAMES = 4
export const namesOf = (names: readonly string[]): string => listed(names, MOST_NAMES)
