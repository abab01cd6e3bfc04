/**
 * Links over which peers are not heard any more, although they are over others: a dead heartbeat link is harmless as long as
 * there is a second one, so somebody must say so. Heartbeats of their own take turns over the links
 * (packages/heartbeat/src/route.ts); where all are piggybacked, on renewals that keep to the link that works, one goes alone now
 * and then, so that a link that heals is heard again.
 */
import type { LeaseLink, LeaseView } from '@lvsm/protocol'
import { after, between, type Instant, NEVER_BEFORE, type Trouble, listed } from '@lvsm/base'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import type { LeaseState } from './state.ts'

/** A link is silent when nothing came over it for so many deadtimes, or heartbeats, whichever is longer. */
const SILENT = { deadtimes: 5, heartbeats: 20 } as const

const linksByView = new WeakMap<LeaseView, readonly LeaseLink[]>()
/** Asked for every datagram, so it is looked up once for each view (a view never changes). */
export function ownLinks(view: LeaseView): readonly LeaseLink[] {
  const known = linksByView.get(view) ?? view.nodes.find(({ name }) => name === view.node)?.links ?? []
  linksByView.set(view, known)
  return known
}

/** Part of a deadtime: with two links each is tried once in a deadtime. */
const PROBE = 1 / 2

/** The next heartbeat to this node is to go alone. */
export const mustProbe = (state: LeaseState, view: LeaseView, node: string): boolean =>
  ownLinks(view).length > 1 &&
  state.now >= after(state.probedAt.get(node) ?? NEVER_BEFORE, PROBE * view.timing.deadtimeMs)

export function probed(state: LeaseState, nodes: readonly string[]): void {
  for (const node of nodes) state.probedAt.set(node, state.now)
}

/** A datagram that counts came from `node` over a link of ours; `begun`: it was silent on all of them before. */
export function heardOver(state: LeaseState, view: LeaseView, node: string, link: number, begun: boolean): void {
  const known = begun ? undefined : state.linksHeard.get(node)
  // What was lost with a silent link was told as that.
  if (known && isSilent(state, view, node, link)) state.losses.get(node)?.forget()
  const heard = known ?? ownLinks(view).map(() => state.now)
  heard[link] = state.now
  if (heard !== known) state.linksHeard.set(node, heard)
}

/** One for each link of ours that is silent. */
export function linkTroubles(state: LeaseState, view: LeaseView): Trouble[] {
  return ownLinks(view).flatMap((link, index): Trouble[] => {
    const peers = view.nodes.filter(
      ({ name, links }) => isAlive(state, view, name) && links.some((one) => one.name === link.name),
    )
    const silent = peers.filter(({ name }) => isSilent(state, view, name, index)).map(({ name }) => name)
    if (silent.length === 0) return []
    const who = silent.length === peers.length && silent.length > 1 ? 'anybody' : namesOf(silent)
    const message = `over the heartbeat link ${link.name} nothing comes from ${who} to ${state.node}, but over another one`
    const evidence = `${state.node} listens there at ${link.address}, UDP port ${link.port}; whether the other direction works, the others say`
    const hint = `check cable, switch and firewall of ${link.name} (UDP port ${link.port}): with one link left, the next fault separates the nodes`
    return [{ code: 'link-silent', severity: 'warning', object: `link ${link.name}`, message, evidence, hint }]
  })
}

function isAlive(state: LeaseState, { timing }: LeaseView, name: string): boolean {
  const at: Instant | null = state.peerTable.heardAt(name)
  return at !== null && state.now < after(at, timing.deadtimeMs)
}
export function isSilent(state: LeaseState, view: LeaseView, name: string, link: number): boolean {
  const at = state.linksHeard.get(name)?.[link]
  const { deadtimes, heartbeats } = SILENT
  const intervalMs = heartbeatIntervalMs(view, name, state.node)
  return (
    at !== undefined && between(at, state.now) > Math.max(deadtimes * view.timing.deadtimeMs, heartbeats * intervalMs)
  )
}

const MOST_NAMES = 4
export const namesOf = (names: readonly string[]): string => listed(names, MOST_NAMES)
