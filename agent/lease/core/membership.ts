/** A new view: who the peers are, which groups this node directs, and what a predecessor may have left behind. */
import { directs, type LeaseAddress, type LeaseGroup, type LeaseView } from '@lvsm/lease'
import { bestPeer, judgeVoters } from './peers.ts'
import { giveUp, part, silence } from './closing.ts'
import { guardSoon } from './guarding.ts'
import { newSeat, type Seat } from './seat.ts'
import { type Station, touchAll } from './station.ts'

export function adopt(station: Station, view: LeaseView): void {
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
  for (const group of view.groups) if (directs(view, group)) seatFor(station, group)
  touchAll(station)
}

/** A seat whose addresses changed, or that is gone, is closed under its old shape first. */
function leaveChanged(station: Station, view: LeaseView, seat: Seat): void {
  const group = view.groups.find(({ name }) => name === seat.group.name)
  const mine = group && directs(view, group) ? group : null
  if (mine && mine.digest === seat.group.digest) {
    seat.group = { ...mine, addresses: mine.addresses.map((address) => whereItStood(address, seat.group)) }
    seat.next = undefined
    return
  }
  seat.next = mine
  const reason = mine
    ? `the addresses of ${seat.group.name} changed`
    : `${station.node} no longer directs ${seat.group.name}`
  relinquish(station, seat, reason, mine ? null : bestPeer(station, view, seat.group))
}

/** An interface that cannot be told at the moment is the one that it was. */
const whereItStood = (address: LeaseAddress, { addresses }: LeaseGroup): LeaseAddress =>
  address.ifindex > 0 ? address : (addresses.find((known) => known.address === address.address) ?? address)

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
