/**
 * The owner's two renewals. The kernel's fence is extended after each extension of the lease, and once more with what
 * is left of the lease when no extension came; the lease is extended only after the kernel acknowledged the last
 * renewal of the fence. Two calls in a row without acknowledgement: hand over.
 */
import type { Spread } from '@lvsm/heartbeat'
import { after, fenceMs, type Instant, later, renewalMs, ROUNDING_MS } from '@lvsm/base'
import { type LeaseView, type Request, votersOf } from '@lvsm/lease'
import { BOTH, renewFence } from './kernel.ts'
import { about, post } from './post.ts'
import { enoughMs, fenceCalls, paceOf, type Seat } from './seat.ts'
import type { Station } from './station.ts'
import { stepDown } from './step-down.ts'

/** A renewal must gain at least so much, or it is not worth a call. */
const WORTH_MS = 10

/** Sends a REQUEST, and notes it with the time before it leaves. */
export function request(station: Station, view: LeaseView, seat: Seat, number: number, spread: Spread): void {
  const voters = votersOf(view)
  const sequence = station.sequence + 1
  const { termMs } = view.timing
  seat.holder.asked({ sequence, sent: station.now, epoch: view.epoch, number, termMs, voters })
  const message: Request = { kind: 'request', ...about(view, seat.group), termMs, number }
  post(station, voters, message, spread)
}

/** When the lease is to be renewed; sooner when the last send has no majority yet. */
function leaseDue(view: LeaseView, seat: Seat): Instant | null {
  const { newest, answered } = seat.holder
  if (!newest || fenceCalls(seat) > 0) return null
  const pace = paceOf(view.timing, seat)
  return after(newest.sent, answered ? renewalMs(pace) : pace.keepaliveMs / 3)
}

/**
 * From when on a renewal of the fence gains enough. Null when it never will: within two roundings of its latest end the
 * element may be gone already, and a renewal would only fail.
 */
function worthFrom(station: Station, view: LeaseView, seat: Seat): Instant | null {
  const { latest } = seat.announce
  const last = after(latest, -2 * ROUNDING_MS)
  const from = after(latest, WORTH_MS - Math.min(seat.holder.deadline - latest, fenceMs(paceOf(view.timing, seat))))
  return from <= last && station.now <= last ? from : null
}

/** When the fence is renewed from what is left of the lease, without a new extension; null when nothing is left. */
function fenceDue(station: Station, view: LeaseView, seat: Seat): Instant | null {
  const from = fenceCalls(seat) > 0 ? null : worthFrom(station, view, seat)
  return from === null ? null : later(from, after(seat.announce.latest, -paceOf(view.timing, seat).applyMs))
}

/** The timeout of a renewal; null where it would gain too little. */
function worth(station: Station, view: LeaseView, seat: Seat): number | null {
  const from = worthFrom(station, view, seat)
  if (from === null || station.now < from) return null
  return seat.announce.renewalMs(station.now, seat.holder.deadline, fenceMs(paceOf(view.timing, seat)))
}

/** Extends the fence within the lease; false where that is too late, or would gain too little. */
export function extendFence(station: Station, view: LeaseView, seat: Seat): boolean {
  const timeoutMs = worth(station, view, seat)
  if (timeoutMs === null) return false
  renewFence(station, seat, BOTH, timeoutMs, seat.holder.deadline)
  return true
}

/** A majority extended the lease: extend the fence, unless that was done less than half a keepalive ago. */
export function onExtended(station: Station, view: LeaseView, seat: Seat): void {
  const pace = paceOf(view.timing, seat)
  const ageMs = fenceMs(pace) - (seat.announce.latest - station.now)
  if (ageMs >= pace.keepaliveMs / 2) extendFence(station, view, seat)
}

export function tendRenewals(station: Station, view: LeaseView, seat: Seat): void {
  if (!seat.announce.isOpen(station.now)) {
    fenceRanOut(station, view, seat)
    return
  }
  const fence = fenceDue(station, view, seat)
  if (fence !== null && fence <= station.now) extendFence(station, view, seat)
  const lease = leaseDue(view, seat)
  if (lease !== null && lease <= station.now)
    request(station, view, seat, Math.max(seat.holder.number, seat.raisedNumber), seat.holder.answered ? 'one' : 'all')
}

/** Either this process was held up, and the lease is still good; or nobody renewed the lease, and this is its end. */
function fenceRanOut(station: Station, view: LeaseView, seat: Seat): void {
  const reopen = seat.holder.deadline - station.now >= enoughMs(view.timing, seat)
  const reason = 'the fence ran out before it was renewed; closing it and opening again'
  if (reopen) stepDown(station, seat, reason, { event: 'note', reopen })
  else leaseRanOut(station, seat)
}

/** No majority renewed it in time. */
export function leaseRanOut(station: Station, seat: Seat): void {
  const reason = `no majority renewed lease ${seat.holder.number} of ${seat.group.name} in time`
  stepDown(station, seat, reason, { event: 'lost' })
}

export function nextRenewal(station: Station, view: LeaseView, seat: Seat): Instant {
  const times = [leaseDue(view, seat), fenceDue(station, view, seat), seat.announce.latest, seat.holder.deadline]
  return Math.min(...times.filter((time) => time !== null)) as Instant
}
