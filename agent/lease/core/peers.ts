/** Peer table, from heartbeats: who holds a group, who is ready for it, and in which order. */
import {
  byRank,
  faultText,
  type Heartbeat,
  type LeaseGroup,
  type LeaseView,
  type NodeLife,
  type Rank,
} from '@lvsm/protocol'
import { after, type Instant, later, LONGEST_LEASE_MS, NEVER_BEFORE, type Trouble } from '@lvsm/base'
import { lifeOf, silentFrom, speaks } from '@lvsm/heartbeat'
import { groupOf, type Sender, votersOf } from '@lvsm/lease'
import { isPillar } from './entitled.ts'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import { isLeaseValid, type GroupState } from './group-state.ts'
import { type Claim, type LeaseState, emitEvent, lookBy, renewClaims, touch, touchAll } from './state.ts'
import { hearEpoch, highestOf } from './epochs.ts'
import { checkVoters } from './voter-sets.ts'

/** Notes a heartbeat. One that a later one of its incarnation overtook is outdated, and dropped. */
export function onHeartbeat(
  state: LeaseState,
  view: LeaseView,
  { node: from, incarnation, sequence }: Sender,
  heartbeat: Heartbeat,
): void {
  const before = state.peers.get(from)
  const same = before?.incarnation === incarnation ? before : undefined
  if (same && sequence < same.sequence) return
  const { standby, voters, epoch = 1, nextEpoch = 0, silentMs } = heartbeat
  const agentless = faultText(heartbeat.agentless ?? '')
  const votesAt = silentMs === undefined ? NEVER_BEFORE : after(state.now, silentMs)
  const claims = same?.claims ?? new Map<string, Claim>()
  const word = { incarnation, sequence, standby, voters, epoch, nextEpoch, votesAt, agentless, claims }
  state.peers.set(from, word)
  if (!same) renewClaims(state)
  // Who neither votes nor directs changes nothing for any group, however often it starts anew or stands by.
  if ((!same || same.standby !== standby) && isPillar(view, from)) touchAll(state)
  if (same?.standby !== standby || same.agentless !== agentless) state.effects.push({ kind: 'claimed' })
  if (same?.voters !== voters || same.epoch !== epoch) checkVoters(state, view)
  if (isPillar(view, from)) hearEpoch(state, highestOf(same), highestOf(word))
  for (const claim of heartbeat.groups) {
    if (!groupOf(view, claim.group)?.directors.includes(from)) continue
    const known = word.claims.get(claim.group)
    // No lease lasts longer: else who claims more, and dies, would be shown as the owner for all that time.
    const leftMs = Math.min(claim.leftMs, LONGEST_LEASE_MS)
    word.claims.set(claim.group, { ...claim, leftMs, at: state.now })
    const news = differ(known, claim)
    // After a heartbeat that was long under way, the next may tell of a nearer end.
    if (claim.holds) lookBy(state, claim.group, after(state.now, leftMs))
    if (news) state.effects.push({ kind: 'claimed' })
    if (news || lapsed(known, state.now)) touch(state, claim.group)
  }
}

const differ = (before: Claim | undefined, now: Omit<Claim, 'at'>): boolean =>
  before?.holds !== now.holds ||
  before.number !== now.number ||
  before.ready !== now.ready ||
  before.reaches !== now.reaches ||
  before.blind !== now.blind

const CLONE_TOLD_AGAIN_MS = 60_000

/** Looks for a cloned machine: its copies would be granted each other's leases. */
export function checkClones(state: LeaseState, name: string): void {
  const starts = state.peerTable.double(name, state.now)
  if (starts === null) state.clones.delete(name)
  else if (!state.clones.has(name)) {
    state.clones.add(name)
    // One that speaks by turns now and then must not fill logs and history; as a trouble it is shown each time.
    if (state.now < after(state.cloneToldAt.get(name) ?? NEVER_BEFORE, CLONE_TOLD_AGAIN_MS)) return
    state.cloneToldAt.set(name, state.now)
    emitEvent(state, '', 'note', 0, cloneText(name, starts))
  }
}

const cloneText = (name: string, starts: readonly string[]): string =>
  `two machines call themselves ${name}: starts ${starts.map((start) => start.slice(0, 8)).join(' and ')} speak by turns`

export const cloneTroubles = (state: LeaseState): Trouble[] =>
  [...state.clones].flatMap((name): Trouble[] => {
    const starts = state.peerTable.double(name, state.now)
    if (starts === null) return []
    const hint = 'give one of them a name and addresses of its own, or stop it'
    return [{ code: 'cloned-node', severity: 'critical', message: cloneText(name, starts), hint }]
  })

export const claimOf = (state: LeaseState, node: string, group: string): Claim | undefined =>
  state.peers.get(node)?.claims.get(group)

export const lifeOfPeer = (state: LeaseState, view: LeaseView, node: string): NodeLife =>
  node === state.node ? 'alive' : lifeOf(state.peerTable.heardAt(node), state.now, lifeTiming(view, state.node, node))

/** Who is dead, or is it no more, is told when it is noticed, and not with the next word of each second. */
export function noteDead(state: LeaseState, view: LeaseView): void {
  const dead = view.nodes.filter(({ name }) => lifeOfPeer(state, view, name) === 'dead').map(({ name }) => name)
  const text = dead.join(' ')
  if (text === state.deadTold) return
  state.deadTold = text
  state.effects.push({ kind: 'claimed' })
}

/** Warntime and deadtime for a peer, at least 2.5 and 3.5 heartbeat intervals: two lost heartbeats make it late, three dead. */
function lifeTiming(view: LeaseView, own: string, node: string): LeaseView['timing'] {
  const intervalMs = heartbeatIntervalMs(view, node, own)
  return {
    ...view.timing,
    warntimeMs: Math.max(view.timing.warntimeMs, 2.5 * intervalMs),
    deadtimeMs: Math.max(view.timing.deadtimeMs, 3.5 * intervalMs),
  }
}

export const speaksNow = (state: LeaseState, view: LeaseView, node: string): boolean =>
  speaks(state.peerTable.heardAt(node), state.now, heartbeatIntervalMs(view, node, state.node))

/** A peer is ready for the group: by its latest heartbeat, and heard lately. */
export function isReadyPeer(state: LeaseState, view: LeaseView, node: string, group: string): boolean {
  return (
    claimOf(state, node, group)?.ready === true &&
    state.peers.get(node)?.standby === false &&
    speaksNow(state, view, node)
  )
}

/** How many of the group's ping nodes a peer reaches, by its latest heartbeat. */
export const reaches = (state: LeaseState, node: string, group: string): number =>
  claimOf(state, node, group)?.reaches ?? 0

/** Of how many of the group's services a peer can ask no realserver. */
const blindIn = (state: LeaseState, node: string, group: string): number => claimOf(state, node, group)?.blind ?? 0

/** Ready peers, best first: not just refused, more ping nodes reached, fewer services that cannot be checked, then the group's order. */
function readyPeers(state: LeaseState, view: LeaseView, { name, directors }: LeaseGroup): string[] {
  const refused = state.instances.get(name)?.refusedUntil
  const asked = (node: string): number => (state.now < (refused?.get(node) ?? NEVER_BEFORE) ? 1 : 0)
  return directors
    .filter((node) => node !== state.node && isReadyPeer(state, view, node, name))
    .map((node, place) => ({ node, ...standingOf(state, node, name), place }))
    .sort((one, other) => asked(one.node) - asked(other.node) || byRank(one, other))
    .map(({ node }) => node)
}
/** By its latest heartbeat. */
const standingOf = (state: LeaseState, node: string, group: string): Omit<Rank, 'place'> => ({
  reaches: reaches(state, node, group),
  blind: blindIn(state, node, group),
})

export const bestPeer = (state: LeaseState, view: LeaseView, group: LeaseGroup): string | null =>
  readyPeers(state, view, group)[0] ?? null

/** Ready peers that rank before this node. A group that is owned does not move for services that cannot be checked. */
export function peersBefore(state: LeaseState, view: LeaseView, instance: GroupState): string[] {
  const { name, directors } = instance.group
  const { reaches: reached, blind } = instance.readiness
  const own = { reaches: reached, blind, place: directors.indexOf(state.node) }
  return directors.filter((node, place) => {
    if (node === state.node || !isReadyPeer(state, view, node, name) || hasLapsed(state, node, name)) return false
    return byRank({ ...standingOf(state, node, name), place }, own) < 0
  })
}
export const rankOf = (state: LeaseState, view: LeaseView, instance: GroupState): number =>
  peersBefore(state, view, instance).length

/** When this node's rank may change by time alone: a peer before it falls silent, or its lease runs out. */
export function rankChangesAt(state: LeaseState, view: LeaseView, instance: GroupState): Instant {
  let next = Number.POSITIVE_INFINITY as Instant
  for (const node of peersBefore(state, view, instance)) {
    const claim = claimOf(state, node, instance.group.name)
    const silent = silentFrom(state.peerTable.heardAt(node), heartbeatIntervalMs(view, node, state.node))
    const lapses = claim?.holds ? after(claim.at, claim.leftMs) : silent
    next = Math.min(next, silent, lapses) as Instant
  }
  return next
}

/** The peer held the group when last heard, and that lease has run out since: it is not waited for as a candidate. */
const lapsed = (claim: Claim | undefined, now: Instant): boolean =>
  claim !== undefined && claim.holds && claim.at + claim.leftMs <= now
const hasLapsed = (state: LeaseState, node: string, group: string): boolean =>
  lapsed(claimOf(state, node, group), state.now)

/** Voters that are heard, this node included. */
export const heardVoters = (state: LeaseState, view: LeaseView): string[] =>
  votersOf(view).filter((name) => ['alive', 'late'].includes(lifeOfPeer(state, view, name)))

export const hasQuorum = (state: LeaseState, view: LeaseView): boolean =>
  heardVoters(state, view).length >= state.rules.quorum(votersOf(view).length)

export interface Owner {
  readonly node: string
  readonly number: number
  /** Time left of the own lease; of a peer's, as it claimed last. */
  readonly leftMs: number
  /** When a peer that says nothing more is no longer presumed to hold it. */
  readonly goneAt: Instant
}
/** In heartbeat intervals: for so long a holder's claim is valid. */
const CLAIM_VALID_FOR = 2

/** The presumed holder of a group, for operators only; nothing is decided by it. */
export function ownerOf(state: LeaseState, view: LeaseView, group: LeaseGroup): Owner | null {
  const { now } = state
  const instance = state.instances.get(group.name)
  if (instance && isLeaseValid(instance, now))
    return {
      node: state.node,
      number: instance.holder.number,
      leftMs: instance.holder.deadline - now,
      goneAt: instance.holder.deadline,
    }
  let owner: Owner | null = null
  for (const node of group.directors) {
    const claim = claimOf(state, node, group.name)
    if (!claim?.holds || node === state.node) continue
    // A heartbeat may leave the group out: a peer that is heard and does not revoke its claim still holds it.
    const heardAt = later(claim.at, state.peerTable.heardAt(node) ?? claim.at)
    const goneAt = after(heardAt, Math.max(claim.leftMs, CLAIM_VALID_FOR * heartbeatIntervalMs(view, node, state.node)))
    if (now < goneAt && (!owner || claim.number > owner.number))
      owner = { node, number: claim.number, leftMs: claim.leftMs, goneAt }
  }
  return owner
}
