/** A new view: who the peers are, which groups this node directs, and what a predecessor may have left behind. */
import { directs, type LeaseAddress, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import { bestPeer } from './peers.ts'
import { guardSoon } from './guarding.ts'
import { newSeat, type Seat } from './seat.ts'
import { type Station, touchAll } from './station.ts'
import { closeAll, stepDown } from './step-down.ts'
import { changeVoters, judgeVoters } from './voter-sets.ts'

export function adopt(station: Station, view: LeaseView): void {
  changeVoters(station, station.view, view)
  for (const seat of station.seats.values()) leaveChanged(station, view, seat)
  station.view = view
  station.acceptor.adopt(view, station.now)
  const names = new Set(view.nodes.map(({ name }) => name))
  station.roster.adopt(
    [...names].filter((name) => name !== station.node),
    view.timing.deadtimeMs,
  )
  const known = [station.peers, station.told, station.beatAt, station.greetedAt, station.turns, station.doubles]
  for (const one of known) for (const name of one.keys()) if (!names.has(name)) one.delete(name)
  judgeVoters(station, view)
  guardSoon(station, view)
  for (const group of view.groups) if (directs(view, group) && !station.seats.has(group.name)) openSeat(station, group)
  touchAll(station)
}

/** A seat whose addresses changed, or that is gone, is closed under its old shape first. */
function leaveChanged(station: Station, view: LeaseView, seat: Seat): void {
  const group = view.groups.find(({ name }) => name === seat.group.name)
  const mine = group && directs(view, group) ? group : null
  if (mine && mine.digest === seat.group.digest) {
    seat.group = { ...mine, addresses: mine.addresses.map((address) => whereItStood(address, seat.group)) }
    seat.change = null
    return
  }
  seat.change = { to: mine }
  const reason = mine
    ? `the addresses of ${seat.group.name} changed`
    : `${station.node} no longer directs ${seat.group.name}`
  stepDown(station, seat, reason, {
    event: 'released',
    successor: mine ? null : bestPeer(station, view, seat.group),
  })
}

/** An interface that cannot be told at the moment is the one that it was. */
const whereItStood = (address: LeaseAddress, { addresses }: LeaseGroup): LeaseAddress =>
  address.ifindex > 0 ? address : (addresses.find((known) => known.address === address.address) ?? address)

/** A group that is new here: a predecessor may have left it open, so that it is closed before anything else. */
function openSeat(station: Station, group: LeaseGroup): Seat {
  const seat = newSeat(group, station.incarnation, station.random, station.rules)
  station.seats.set(group.name, seat)
  seat.announce.distrust()
  seat.serve.distrust()
  closeAll(station, seat)
  return seat
}

/** The view changed the group meanwhile: take its new shape, or leave it. */
export function applyChange(station: Station, seat: Seat): void {
  if (seat.change === null) return
  const { to } = seat.change
  station.seats.delete(seat.group.name)
  station.guardDue ??= 'perhaps'
  if (!to) return
  const fresh = openSeat(station, to)
  fresh.says = seat.says
  fresh.cutOffUntil = seat.cutOffUntil
}
