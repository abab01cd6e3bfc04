/** Who hears whom, of all pairs with a voter or director: by the own lease process, and by what the agents of others say of theirs. */
import { between, type Trouble, listed } from '@lvsm/base'
import { type Hears } from '@lvsm/changes'
import { sharedText, unheardNames } from '@lvsm/protocol'
import { leaseStatus } from './lease.ts'
import { stateOf } from './peers.ts'
import { speakingMs } from './rhythm.ts'
import { type NodeState } from './state.ts'

export const votersIn = ({ config }: NodeState): string[] =>
  config?.nodes.flatMap(({ name, voter }) => (voter ? [name] : [])) ?? []

/** Groups depend on them. */
export const isPillar = ({ config }: NodeState, node: string): boolean =>
  config?.nodes.some(({ name, voter, roles }) => name === node && (voter || roles.includes('director'))) === true

const HEARD: readonly string[] = ['alive', 'late']

export const hearsIn =
  (state: NodeState): Hears =>
  (by, name) => {
    if (by === name) return true
    if (by !== state.node) return saidHeard(state, by, name)
    const peer = leaseStatus(state)?.peers.find((one) => one.name === name)
    return peer ? HEARD.includes(peer.life) : null
  }

/** Beyond voters and directors that it does not hear; of more it says nothing, and then it is not known which of the rest it hears. */
const MOST_OTHERS = 16

/** By its own word; null: it did not say. */
function saidHeard(state: NodeState, by: string, name: string): boolean | null {
  const unheard = stateOf(state, by)?.unheard
  if (!unheard) return null
  if (unheard.includes(name)) return false
  const isWhole = isPillar(state, name) || unheard.filter((one) => !isPillar(state, one)).length < MOST_OTHERS
  return isWhole ? true : null
}

/** What it tells the others of that. Of one that is neither voter nor director: which of these it does not hear; undefined where it hears all. */
export function unheardHere(state: NodeState): string[] | undefined {
  const unheard = leaseStatus(state)?.peers.flatMap(({ name, life }) => (HEARD.includes(life) ? [] : [name]))
  if (!isPillar(state, state.node)) {
    const pillars = unheard?.filter((name) => isPillar(state, name)) ?? []
    return pillars.length > 0 ? pillars : undefined
  }
  const others = unheard?.filter((name) => !isPillar(state, name)).slice(0, MOST_OTHERS)
  return unheard?.filter((name) => isPillar(state, name) || others?.includes(name))
}

/** Voters and directors that say that they hear it. */
export const heardBy = (state: NodeState, node: string): string[] =>
  (state.config?.nodes ?? [])
    .map(({ name }) => name)
    .filter((by) => by !== node && by !== state.node && isPillar(state, by) && hearsIn(state)(by, node) === true)

/** In its own words: it hears nothing of this node over that link, or at all. */
export const isUnheardOver = (state: NodeState, by: string, link: string): boolean =>
  saidHeard(state, by, state.node) === false || silentOver(state, by, link)
/** In its own words, which come over another link. */
export const silentOver = (state: NodeState, by: string, link: string): boolean =>
  (stateOf(state, by)?.troubles ?? []).some(
    (one) => one.code === 'link-silent' && one.object === `link ${link}` && unheardNames(one).includes(state.node),
  )

/** Who has just started, or stood still, is heard by the others by then. Milliseconds. */
const HEARD_MS = 1000
/** So many messages of one word wait at most until all others have them. */
const WAITING = 4
/** A word that comes so long after one that said the same was said after this node was to be heard: what waits or is lost accuses nobody. */
const secondWordMs = ({ config }: NodeState): number =>
  HEARD_MS + speakingMs(WAITING, Math.max(0, (config?.nodes.length ?? 0) - 1))
/** What was said so long before says nothing of now. Milliseconds. */
const OUTDATED_MS = 10_000

/** It said whom it does not hear. */
export function noteHearing(state: NodeState, from: string): void {
  if (stateOf(state, from)?.unheard?.includes(state.node) !== true) {
    state.deafSince.delete(from)
    return
  }
  const before = state.deafSince.get(from)
  const goesOn = before && between(before.saidAt, state.now) < OUTDATED_MS
  state.deafSince.set(from, { since: goesOn ? before.since : state.now, saidAt: state.now })
}

function saidTwice(state: NodeState, node: string): boolean {
  const said = state.deafSince.get(node)
  return said !== undefined && between(said.since, said.saidAt) >= secondWordMs(state)
}

/** Of those that hear each other in one direction only: whoever is not heard tells of it, for it is the one that knows. */
const deafTroubles = (state: NodeState): Trouble[] =>
  (leaseStatus(state)?.peers ?? [])
    .filter(({ name, life }) => life === 'alive' && (isPillar(state, name) || isPillar(state, state.node)))
    .filter(({ name }) => hearsIn(state)(name, state.node) === false)
    .filter(({ name }) => saidTwice(state, name))
    .map(({ name }) => ({
      ...{ code: 'one-way', severity: 'warning', object: `node ${name}` },
      message: `${name} does not hear ${state.node}, which hears it: nothing comes from ${state.node} to ${name}`,
      evidence: sharedText(linksWith(state, name)),
      hint: wayHint(state, state.node, name),
    }))

/** Who says so long after it would be dead that it hears it heard it meanwhile: by then it knows, and would have said so. Milliseconds. */
const OTHERS_KNOW_MS = 2000
/** How long this node did not hear it when `by` spoke last. */
function silentAsSaid({ states, lease }: NodeState, by: string, silentMs: number): number {
  const said = states.get(by)
  return said ? silentMs + between(lease.heardAt, said.at) : 0
}
/** Not heard here, and heard by others: it lives, and whether it hears this node only itself could tell, which is not heard. */
const missedTroubles = (state: NodeState): Trouble[] =>
  (leaseStatus(state)?.peers ?? [])
    .filter(({ name, life, unbelieved }) => life === 'dead' && unbelieved === undefined && oneVotes(state, name))
    .flatMap(({ name, silentMs }): Trouble[] => {
      const knownMs = (state.config?.timing.deadtimeMs ?? 0) + OTHERS_KNOW_MS
      const by = heardBy(state, name).filter((one) => silentAsSaid(state, one, silentMs) >= knownMs)
      if (by.length === 0) return []
      const message = `${state.node} does not hear ${name}, which ${by.join(', ')} heard: nothing comes from ${name} to ${state.node}`
      const [evidence, hint] = [sharedText(linksWith(state, name)), wayHint(state, name, state.node)]
      return [{ code: 'heard-by-others', severity: 'warning', object: `node ${name}`, message, evidence, hint }]
    })
/** Of two that vote or direct the head says what it means for their groups; on what two hear that do neither nothing depends. */
const oneVotes = (state: NodeState, name: string): boolean => isPillar(state, state.node) !== isPillar(state, name)

/** Heartbeat links that this node shares with another one; with itself, all. */
export function linksWith({ view, config }: NodeState, node: string): readonly string[] {
  const own = new Set(view?.node.links.map(({ name }) => name))
  const theirs = config?.nodes.find(({ name }) => name === node)?.links ?? []
  return theirs.flatMap(({ name }) => (own.has(name) ? [name] : []))
}

/** The way of datagrams from one node to another. */
function wayHint({ config }: NodeState, from: string, to: string): string {
  const addresses = config?.nodes.find(({ name }) => name === to)?.links.map(({ address }) => address) ?? []
  const routes = addresses.slice(0, 2).map((address) => `ip route get ${address}`)
  return `look for what stops datagrams from ${from} to ${to}: on ${from}: ${[...routes, 'ip rule'].join(', ')} (is it the way that it should go?), nft list ruleset on both, cable, switch; does tcpdump -n udp on ${to} show them?`
}

/** Of one cause there may be as many as there are nodes: a port of a switch, a trunk, a rule. */
const MOST_SINGLE = 2
const NAMED = 4
const OF_MANY: Readonly<Record<string, (own: string, names: string) => string>> = {
  'one-way': (own, names) => `${names} do not hear ${own}, which hears them: nothing comes from ${own} to them`,
  'heard-by-others': (own, names) =>
    `${own} does not hear ${names}, which others heard: nothing comes from them to ${own}`,
}
/** What is left of them after everything that follows from another trouble is gone: many in one direction are one trouble of this node. */
export function onePerDirection(own: string, found: readonly Trouble[]): readonly Trouble[] {
  const many = Object.keys(OF_MANY).flatMap((code) => {
    const those = found.filter((one) => one.code === code)
    return those.length > MOST_SINGLE ? [those] : []
  })
  if (many.length === 0) return found
  const folded = new Set(many.flat())
  return [...found.filter((one) => !folded.has(one)), ...many.flatMap((those) => manyAsOne(own, those))]
}
function manyAsOne(own: string, those: readonly Trouble[]): Trouble[] {
  const [first] = those
  const words = OF_MANY[first?.code ?? '']
  if (!first || !words) return []
  const names = those.map(({ object = '' }) => object.split(' ')[1] ?? '')
  // What to look at is said of the first of them.
  const { evidence: _, ...shown } = first
  return [{ ...shown, object: `node ${own}`, message: words(own, listed(names, NAMED)) }]
}

export const hearingTroubles = (state: NodeState): Trouble[] => [...deafTroubles(state), ...missedTroubles(state)]
