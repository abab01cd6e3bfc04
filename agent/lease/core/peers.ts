/** What the other nodes' beats say: who holds a group, who is ready for it, and in which order. */
import { after, type Instant, NEVER_BEFORE, type Trouble } from '@lvsm/base'
import { type Beat, type Life, lifeOf, silentFrom, speaks } from '@lvsm/heartbeat'
import { groupOf, type LeaseGroup, type LeaseView, type Sender, votersOf } from '@lvsm/lease'
import { beatIntervalMs } from './pace.ts'
import { holds, type Seat } from './seat.ts'
import { type Claim, type Station, tell, tellAll, touch, touchAll } from './station.ts'
import { judgeVoters } from './voter-sets.ts'

/** A beat that was overtaken by a later one of its process start is of yesterday, and says nothing. */
export function noteBeat(
  station: Station,
  view: LeaseView,
  { node: from, incarnation, sequence }: Sender,
  beat: Beat,
): void {
  const before = station.peers.get(from)
  const same = before?.incarnation === incarnation ? before : undefined
  if (same && sequence < same.sequence) return
  const { standby, voters } = beat
  const word = { incarnation, sequence, standby, voters, claims: same?.claims ?? new Map<string, Claim>() }
  station.peers.set(from, word)
  if (!same) tellAll(station)
  if (!same || same.standby !== standby) touchAll(station)
  if (same?.standby !== standby) station.effects.push({ kind: 'claimed' })
  if (same?.voters !== voters) judgeVoters(station, view)
  for (const claim of beat.groups) {
    if (!groupOf(view, claim.group)?.directors.includes(from)) continue
    const known = word.claims.get(claim.group)
    word.claims.set(claim.group, { ...claim, at: station.now })
    const news = differ(known, claim)
    if (news) station.effects.push({ kind: 'claimed' })
    if (news || lapsed(known, station.now)) touch(station, claim.group)
  }
}

const differ = (before: Claim | undefined, now: Omit<Claim, 'at'>): boolean =>
  before?.holds !== now.holds ||
  before.number !== now.number ||
  before.ready !== now.ready ||
  before.reaches !== now.reaches

/** A cloned machine: both copies speak as one node, and each would be granted what the other one gives up. */
export function judgeDouble(station: Station, name: string): void {
  const starts = station.roster.double(name, station.now)
  if (starts === null) station.doubles.delete(name)
  else if (!station.doubles.has(name)) {
    station.doubles.add(name)
    tell(station, '', 'note', 0, doubled(name, starts))
  }
}

const doubled = (name: string, starts: readonly string[]): string =>
  `two machines call themselves ${name}: starts ${starts.map((start) => start.slice(0, 8)).join(' and ')} speak by turns`

export const cloneTroubles = (station: Station): Trouble[] =>
  [...station.doubles].flatMap((name): Trouble[] => {
    const starts = station.roster.double(name, station.now)
    if (starts === null) return []
    const hint = 'give one of them a name and addresses of its own, or stop it'
    return [{ code: 'cloned-node', severity: 'critical', message: doubled(name, starts), hint }]
  })

export const claimOf = (station: Station, node: string, group: string): Claim | undefined =>
  station.peers.get(node)?.claims.get(group)

export const lifeOfPeer = (station: Station, view: LeaseView, node: string): Life =>
  node === station.node
    ? 'alive'
    : lifeOf(station.roster.heardAt(node), station.now, lifeTiming(view, station.node, node))

/** Nobody is late or dead between two beats: two that are lost make late, three make dead. */
function lifeTiming(view: LeaseView, own: string, node: string): LeaseView['timing'] {
  const intervalMs = beatIntervalMs(view, node, own)
  return {
    ...view.timing,
    warntimeMs: Math.max(view.timing.warntimeMs, 2.5 * intervalMs),
    deadtimeMs: Math.max(view.timing.deadtimeMs, 3.5 * intervalMs),
  }
}

export const speaksNow = (station: Station, view: LeaseView, node: string): boolean =>
  speaks(station.roster.heardAt(node), station.now, beatIntervalMs(view, node, station.node))

/** Whether a peer would take the group now, by its own last word. */
export function isReadyPeer(station: Station, view: LeaseView, node: string, group: string): boolean {
  return (
    claimOf(station, node, group)?.ready === true &&
    station.peers.get(node)?.standby === false &&
    speaksNow(station, view, node)
  )
}

/** How many of the group's ping nodes a peer reaches, by its own last word. */
export const reaches = (station: Station, node: string, group: string): number =>
  claimOf(station, node, group)?.reaches ?? 0

/** Ready peers, the best first: who did not just refuse, by the ping nodes that they reach, then in preference order. */
function readyPeers(station: Station, view: LeaseView, { name, directors }: LeaseGroup): string[] {
  const refused = station.seats.get(name)?.refusedUntil
  const asked = (node: string): number => (station.now < (refused?.get(node) ?? NEVER_BEFORE) ? 1 : 0)
  return directors
    .filter((node) => node !== station.node && isReadyPeer(station, view, node, name))
    .sort((a, b) => asked(a) - asked(b) || reaches(station, b, name) - reaches(station, a, name))
}

export const bestPeer = (station: Station, view: LeaseView, group: LeaseGroup): string | null =>
  readyPeers(station, view, group)[0] ?? null

/** Ready peers that go before this node: those that reach more ping nodes, and of its equals those that are preferred. */
function before(station: Station, view: LeaseView, seat: Seat): string[] {
  const { name, directors } = seat.group
  const own = directors.indexOf(station.node)
  return directors.filter((node, at) => {
    if (node === station.node || !isReadyPeer(station, view, node, name) || hasLapsed(station, node, name)) return false
    const more = reaches(station, node, name) - seat.says.reaches
    return more > 0 || (more === 0 && at < own)
  })
}
export const rankOf = (station: Station, view: LeaseView, seat: Seat): number => before(station, view, seat).length

/** When the next of those who go before this node may drop out by itself: it falls silent, or its lease runs out. */
export function rankChangesAt(station: Station, view: LeaseView, seat: Seat): Instant {
  let next = Number.POSITIVE_INFINITY as Instant
  for (const node of before(station, view, seat)) {
    const claim = claimOf(station, node, seat.group.name)
    const silent = silentFrom(station.roster.heardAt(node), beatIntervalMs(view, node, station.node))
    const lapses = claim?.holds ? after(claim.at, claim.leftMs) : silent
    next = Math.min(next, silent, lapses) as Instant
  }
  return next
}

/** It held the group when it was last heard, and its lease has run out since: it will hardly be the first to ask. */
const lapsed = (claim: Claim | undefined, now: Instant): boolean =>
  claim !== undefined && claim.holds && claim.at + claim.leftMs <= now
const hasLapsed = (station: Station, node: string, group: string): boolean =>
  lapsed(claimOf(station, node, group), station.now)

/** Voters from whom this node hears, itself included. */
export const heardVoters = (station: Station, view: LeaseView): string[] =>
  votersOf(view).filter((name) => ['alive', 'late'].includes(lifeOfPeer(station, view, name)))

export const hasQuorum = (station: Station, view: LeaseView): boolean =>
  heardVoters(station, view).length >= station.rules.quorum(votersOf(view).length)

export interface Owner {
  readonly node: string
  readonly number: number
  /** What is left of our own lease; of another's, what was left when it last spoke. */
  readonly leftMs: number
}
/** A holder's word counts until the next but one of its beats is due. */
const BEATS_PER_WORD = 2

/** The holder of a group as far as this node knows: for people, nothing is decided by it. */
export function ownerOf(station: Station, view: LeaseView, group: LeaseGroup): Owner | null {
  const { now } = station
  const seat = station.seats.get(group.name)
  if (seat && holds(seat, now))
    return { node: station.node, number: seat.holder.number, leftMs: seat.holder.deadline - now }
  let owner: Owner | null = null
  for (const node of group.directors) {
    const claim = claimOf(station, node, group.name)
    if (!claim?.holds || node === station.node) continue
    // Beats do not name every group each time: who speaks and does not take it back still holds it.
    const silentMs = now - Math.max(claim.at, station.roster.heardAt(node) ?? claim.at)
    const fresh = silentMs < Math.max(claim.leftMs, BEATS_PER_WORD * beatIntervalMs(view, node, station.node))
    if (fresh && (!owner || claim.number > owner.number)) owner = { node, number: claim.number, leftMs: claim.leftMs }
  }
  return owner
}
