/** Whether this node would take a group: what it tells its peers, and what it asks itself before it stands as a candidate. */
import { directs, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import { hasQuorum } from './peers.ts'
import { isFit, isReady, unreadyReason } from './seat.ts'
import type { Station } from './station.ts'
import { votersUnsettled } from './voter-sets.ts'

/** Why this node would not take the group now; null when it would. */
export function unwilling(station: Station, view: LeaseView, group: LeaseGroup): string | null {
  const { node, now } = station
  const seat = station.seats.get(group.name)
  if (!seat || !directs(view, group)) return `${node} is no director of ${group.name}`
  if (station.stopping) return `${node} is stopping`
  if (station.standby) return `${node} is set to standby`
  const voters = votersUnsettled(station)
  if (voters !== null) return voters
  if (!isFit(seat, now)) return `${node} had to give ${group.name} up a moment ago, its kernel refused`
  if (!isReady(seat, now)) return `${node} is not ready: ${unreadyReason(seat)}`
  if (seat.phase !== 'watching') return `${node} is still ${seat.phase}`
  return null
}

/** Why this node would be no good successor for an owner that gives the group up; null when it would. */
export const unsuited = (station: Station, view: LeaseView, group: LeaseGroup): string | null =>
  unwilling(station, view, group) ??
  (hasQuorum(station, view) ? null : `${station.node} does not hear a majority of the voters`)
