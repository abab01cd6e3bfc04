/** A new view: who the peers are, which groups this node directs, and what a predecessor may have left behind. */
import { directs, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import { bestPeer } from './peers.ts'
import { giveUp, part, silence } from './closing.ts'
import { newSeat, type Seat } from './seat.ts'
import type { Station } from './station.ts'
import { persist } from './voting.ts'

export function adopt(station: Station, view: LeaseView): void {
  const before = station.view
  for (const seat of station.seats.values()) leaveChanged(station, view, seat)
  station.view = view
  station.acceptor.adopt(view)
  const names = new Set(view.nodes.map(({ name }) => name))
  station.roster.adopt(
    [...names].filter((name) => name !== station.node),
    view.timing.deadtimeMs,
  )
  for (const key of station.claims.keys()) if (!names.has(key.split('/')[0] ?? '')) station.claims.delete(key)
  const mine = view.groups.filter((group) => directs(view, group))
  if (!before || shapesOf(before) !== shapesOf(view)) station.effects.push({ kind: 'fence-tables', groups: mine })
  for (const group of mine) seatFor(station, group)
  for (const name of station.beatAt.keys()) if (!names.has(name)) station.beatAt.delete(name)
  if (!before) persist(station)
}

/** What the fence tables are made of: while it stays the same, they are left alone. */
const shapesOf = (view: LeaseView): string =>
  view.groups
    .filter((group) => directs(view, group))
    .map(({ name, digest }) => `${name}/${digest}`)
    .join(' ')

/** A seat whose addresses changed, or that is gone, is closed under its old shape first. */
function leaveChanged(station: Station, view: LeaseView, seat: Seat): void {
  const group = view.groups.find(({ name }) => name === seat.group.name)
  const mine = group && directs(view, group) ? group : null
  if (mine && mine.digest === seat.group.digest) {
    seat.group = mine
    seat.next = undefined
    return
  }
  seat.next = mine
  const reason = mine
    ? `the addresses of ${seat.group.name} changed`
    : `${station.node} no longer directs ${seat.group.name}`
  relinquish(station, seat, reason, mine ? null : bestPeer(station, view, seat.group))
}

function seatFor(station: Station, group: LeaseGroup): void {
  if (station.seats.has(group.name)) return
  const seat = newSeat(group, station.incarnation, station.random, station.rules)
  station.seats.set(group.name, seat)
  seat.announce.distrust()
  seat.serve.distrust()
  silence(station, seat)
}

/** Closes a seat whatever its phase, and tells the voters if there is something to give back. */
export function relinquish(station: Station, seat: Seat, reason: string, successor: string | null): void {
  if (seat.phase === 'taking' || seat.phase === 'holding' || seat.phase === 'parting') {
    giveUp(station, seat, { kind: 'released', reason, successor })
  } else if (seat.phase === 'closing' && seat.reopen) {
    seat.reopen = false
    part(seat, successor)
  } else if (seat.phase !== 'closing') {
    if (seat.candidate.asking) part(seat, null)
    silence(station, seat)
  }
}
