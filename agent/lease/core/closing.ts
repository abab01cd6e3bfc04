/**
 * Giving up a group: fence closed, addresses off, and only then, when the kernel has acknowledged both, RELEASE.
 *
 * Laws: belief ends before the first call is made; voters are told only after everything is off; a failed call is
 * tried again, and until it succeeds the voters' own timers protect the address.
 */
import { after, type Instant } from '@lvsm/base'
import type { LeaseEvent, LeaseView } from '@lvsm/lease'
import { beatSoon } from './beats.ts'
import { BOTH, closeFence, removeAddresses } from './kernel.ts'
import { claimOf } from './peers.ts'
import { postRelease } from './post.ts'
import { enoughMs, isSilent, newSeat, type Seat } from './seat.ts'
import { type Station, tell } from './station.ts'

/** Of a keepalive: where it is under a third of a second, a successor's beat has come by then. */
const REPEAT = 3 / 4
/** A stop waits for the repeats of its RELEASE. */
const LONGEST_REPEAT_MS = 250
/** How long a node whose kernel refused a call leaves a group to others. */
const UNFIT_MS = 2000

export interface GiveUp {
  readonly kind: LeaseEvent['kind']
  readonly reason: string
  /** Votes are kept for it by the voters. */
  readonly successor?: string | null
  /** This node's kernel is the reason: others go first for a while. */
  readonly unfit?: boolean
  /** Keep the lease, and open again as soon as everything is closed. */
  readonly reopen?: boolean
}

/** Closes everything, whatever the seat was doing. */
export function silence(station: Station, seat: Seat): void {
  seat.phase = 'closing'
  seat.touched = true
  seat.burst = null
  seat.transfer = null
  seat.betterSince = null
  closeFence(station, seat, BOTH)
  removeAddresses(station, seat)
}

export function giveUp(station: Station, seat: Seat, why: GiveUp): void {
  tell(station, seat.group.name, why.kind, seat.holder.number, why.reason)
  seat.reopen = why.reopen === true
  if (why.unfit) {
    seat.unfitUntil = after(station.now, UNFIT_MS)
    seat.misses = 0
  }
  if (!seat.reopen) part(seat, why.successor ?? null)
  silence(station, seat)
  beatSoon(station)
}

/** Belief ends here; the voters hear of it later. */
export function part(seat: Seat, successor: string | null): void {
  seat.farewell = { upTo: seat.holder.release(), successor, again: [] }
}

/** Too little is left of the lease to open again. */
function forgo(station: Station, seat: Seat): void {
  const reason = `too little was left of lease ${seat.holder.number} of ${seat.group.name} to open again`
  tell(station, seat.group.name, 'lost', seat.holder.number, reason)
  part(seat, null)
  seat.reopen = false
}

/** Sends the RELEASE now, and twice more soon after, because the network may lose it. */
export function sayFarewell(station: Station, view: LeaseView, seat: Seat): void {
  const { farewell } = seat
  if (!farewell) return
  postRelease(station, view, seat, farewell.upTo, farewell.successor, 'one')
  const { keepaliveMs } = view.timing
  const soonMs = Math.min(REPEAT * keepaliveMs, LONGEST_REPEAT_MS)
  farewell.again = [after(station.now, soonMs), after(station.now, 2 * soonMs)]
}

export function tendFarewell(station: Station, view: LeaseView, seat: Seat): void {
  const { farewell } = seat
  const [due] = farewell?.again ?? []
  if (!farewell || due === undefined || due > station.now) return
  // The successor holds: the voters have heard it.
  if (farewell.successor !== null && claimOf(station, farewell.successor, seat.group.name)?.holds) {
    seat.farewell = null
    return
  }
  farewell.again = farewell.again.slice(1)
  postRelease(station, view, seat, farewell.upTo, farewell.successor, 'all')
  if (farewell.again.length === 0) seat.farewell = null
}

export const nextFarewell = (seat: Seat): Instant | null => seat.farewell?.again[0] ?? null

/**
 * Called after each answer of the kernel, and at the retry time. Where the lease is kept, all is closed and the group waits to
 * be taken again; what follows is the tick's to do.
 */
export function tendClosing(station: Station, view: LeaseView, seat: Seat): void {
  const idle = seat.announce.out + seat.serve.out + seat.addressCalls === 0
  if (!idle) return
  if (!isSilent(seat, station.now)) {
    if (station.now < seat.retryAt) return
    seat.retryAt = after(station.now, view.timing.keepaliveMs / 3)
    closeFence(station, seat, BOTH)
    removeAddresses(station, seat)
    return
  }
  seat.phase = 'watching'
  if (seat.reopen && seat.next === undefined && seat.holder.deadline - station.now >= enoughMs(view.timing, seat))
    return
  if (seat.reopen) forgo(station, seat)
  sayFarewell(station, view, seat)
  seat.candidate.pollSoon()
  replace(station, seat)
}

/** The view changed the group meanwhile: take its new shape, or leave it. */
function replace(station: Station, seat: Seat): void {
  if (seat.next === undefined) return
  station.seats.delete(seat.group.name)
  station.guardDue ??= 'perhaps'
  if (!seat.next) return
  const fresh = newSeat(seat.next, station.incarnation, station.random, station.rules)
  fresh.says = seat.says
  fresh.cutOffUntil = seat.cutOffUntil
  station.seats.set(fresh.group.name, fresh)
  fresh.announce.distrust()
  fresh.serve.distrust()
  silence(station, fresh)
}
