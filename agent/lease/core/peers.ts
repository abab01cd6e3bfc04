/** What the other nodes' beats say: who holds a group, who is ready for it, and in which order. */
import { type Beat, type Life, lifeOf, speaks } from '@lvsm/heartbeat'
import { directs, type LeaseGroup, type LeaseView, votersOf } from '@lvsm/lease'
import { beatIntervalMs } from './pace.ts'
import { holds, isFit, isReady } from './seat.ts'
import type { Claim, Station } from './station.ts'

export function noteBeat(station: Station, from: string, beat: Beat): void {
  for (const claim of beat.groups) {
    const key = `${from}/${claim.group}`
    const heard = { ...claim, at: station.now, standby: beat.standby }
    if (differ(station.claims.get(key), heard)) station.effects.push({ kind: 'claimed' })
    station.claims.set(key, heard)
  }
}

const differ = (before: Claim | undefined, now: Claim): boolean =>
  before?.holds !== now.holds ||
  before.number !== now.number ||
  before.ready !== now.ready ||
  before.standby !== now.standby

export const claimOf = (station: Station, node: string, group: string): Claim | undefined =>
  station.claims.get(`${node}/${group}`)

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

/** Whether a peer would take the group now, by its own last beat. */
export function isReadyPeer(station: Station, view: LeaseView, node: string, group: string): boolean {
  const claim = claimOf(station, node, group)
  return (
    claim !== undefined &&
    claim.ready &&
    !claim.standby &&
    speaks(station.roster.heardAt(node), station.now, beatIntervalMs(view, node, station.node))
  )
}

/** The first ready peer in preference order. */
export const bestPeer = (station: Station, view: LeaseView, group: LeaseGroup): string | null =>
  group.directors.find((name) => name !== station.node && isReadyPeer(station, view, name, group.name)) ?? null

/** How many ready peers go before this node. */
export const rankOf = (station: Station, view: LeaseView, group: LeaseGroup): number =>
  group.directors
    .slice(0, Math.max(0, group.directors.indexOf(station.node)))
    .filter((name) => isReadyPeer(station, view, name, group.name) && !hasLapsed(station, name, group.name)).length

/** It held the group when it was last heard, and its lease has run out since: it will hardly be the first to ask. */
function hasLapsed(station: Station, node: string, group: string): boolean {
  const claim = claimOf(station, node, group)
  return claim !== undefined && claim.holds && claim.at + claim.leftMs <= station.now
}

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
/** A holder's word counts until the next one but one is due. */
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
    const ageMs = now - claim.at
    const fresh = ageMs < Math.max(claim.leftMs, BEATS_PER_WORD * beatIntervalMs(view, node, station.node))
    if (fresh && (!owner || claim.number > owner.number)) owner = { node, number: claim.number, leftMs: claim.leftMs }
  }
  return owner
}

/** Why this node would not take the group now; null when it would. */
export function unwilling(station: Station, view: LeaseView, group: LeaseGroup): string | null {
  const seat = station.seats.get(group.name)
  if (!seat || !directs(view, group)) return `${station.node} is no director of ${group.name}`
  if (station.stopping) return `${station.node} is stopping`
  if (station.standby) return `${station.node} is set to standby`
  if (!isFit(seat, station.now)) return `${station.node} had to give ${group.name} up a moment ago, its kernel refused`
  if (!isReady(seat, station.now)) return `${station.node} is not ready: ${seat.readyReason}`
  if (seat.phase !== 'watching') return `${station.node} is still ${seat.phase}`
  return null
}
