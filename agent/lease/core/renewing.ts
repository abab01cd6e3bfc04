/**
 * The owner's two renewals. The kernel's fence is extended after each extension of the lease, and once more with what
 * is left of the lease when no extension came; the lease is extended only after the kernel acknowledged the last
 * renewal of the fence. Two calls in a row without acknowledgement: hand over.
 */
import type { Spread } from '@lvsm/heartbeat'
import { after, fenceMs, type Instant, later, renewalMs, ROUNDING_MS } from '@lvsm/base'
import { type LeaseView, type Request, votersOf } from '@lvsm/lease'
import { giveUp } from './closing.ts'
import type { LeaseInput } from './events.ts'
import { BOTH, renewFence } from './kernel.ts'
import { bestPeer } from './peers.ts'
import { about, post } from './post.ts'
import { enoughMs, fenceCalls, type Seat } from './seat.ts'
import type { Station } from './station.ts'

/** A renewal must gain at least so much, or it is not worth a call. */
const WORTH_MS = 10
const MISSES = 2

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
  return after(newest.sent, (answered ? renewalMs(view.timing) : view.timing.keepaliveMs / 3) * shortened(view, seat))
}

/** Voters that lend for a shorter time, because their view or their disk is of another duration, must be asked sooner. */
const shortened = ({ timing }: LeaseView, { holder }: Seat): number =>
  holder.grantedMs > 0 ? Math.min(1, holder.grantedMs / timing.termMs) : 1

/**
 * From when on a renewal of the fence gains enough. Null when it never will: within two roundings of its latest end the
 * element may be gone already, and a renewal would only fail.
 */
function worthFrom(station: Station, view: LeaseView, seat: Seat): Instant | null {
  const { latest } = seat.announce
  const last = after(latest, -2 * ROUNDING_MS)
  const from = after(latest, WORTH_MS - Math.min(seat.holder.deadline - latest, fenceMs(view.timing)))
  return from <= last && station.now <= last ? from : null
}

/** When the fence is renewed from what is left of the lease, without a new extension; null when nothing is left. */
function fenceDue(station: Station, view: LeaseView, seat: Seat): Instant | null {
  const from = fenceCalls(seat) > 0 ? null : worthFrom(station, view, seat)
  return from === null ? null : later(from, after(seat.announce.latest, -view.timing.applyMs))
}

/** The timeout of a renewal; null where it would gain too little. */
function worth(station: Station, view: LeaseView, seat: Seat): number | null {
  const from = worthFrom(station, view, seat)
  if (from === null || station.now < from) return null
  return seat.announce.renewalMs(station.now, seat.holder.deadline, fenceMs(view.timing))
}

export function extendFence(station: Station, view: LeaseView, seat: Seat): void {
  const timeoutMs = worth(station, view, seat)
  if (timeoutMs !== null) renewFence(station, seat, BOTH, timeoutMs, seat.holder.deadline)
}

/** A majority extended the lease: extend the fence, unless that was done less than half a keepalive ago. */
export function onExtended(station: Station, view: LeaseView, seat: Seat): void {
  const ageMs = fenceMs(view.timing) - (seat.announce.latest - station.now)
  if (ageMs >= view.timing.keepaliveMs / 2) extendFence(station, view, seat)
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
  const { deadline, number } = seat.holder
  const reopen = deadline - station.now >= enoughMs(view.timing)
  giveUp(
    station,
    seat,
    reopen
      ? { kind: 'note', reason: 'the fence ran out before it was renewed; closing it and opening again', reopen }
      : { kind: 'lost', reason: `no majority renewed lease ${number} of ${seat.group.name} in time` },
  )
}

export function nextRenewal(station: Station, view: LeaseView, seat: Seat): Instant {
  const times = [leaseDue(view, seat), fenceDue(station, view, seat), seat.announce.latest, seat.holder.deadline]
  return Math.min(...times.filter((time) => time !== null)) as Instant
}

export function onRenewed(
  station: Station,
  view: LeaseView,
  seat: Seat,
  answer: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (seat.phase !== 'holding') return
  if (answer.result === 'done') seat.misses = 0
  else fenceMissed(station, view, seat, answer.error)
}

/**
 * The kernel did not acknowledge. A renewal is tried once more; the second time a ready peer gets the group, and where
 * there is none, or an opening failed, everything is closed and opened once more under the same lease.
 */
export function fenceMissed(station: Station, view: LeaseView, seat: Seat, error: string): void {
  seat.misses += 1
  const again = seat.phase === 'holding' && seat.misses === 1 ? worth(station, view, seat) : null
  if (again !== null) {
    renewFence(station, seat, BOTH, again, seat.holder.deadline)
    return
  }
  const reason = `the kernel refused to ${seat.phase === 'taking' ? 'open' : 'renew'} the fence${error ? `: ${error}` : ''}`
  const peer = bestPeer(station, view, seat.group)
  if (seat.misses < MISSES || (seat.misses === MISSES && peer === null)) {
    giveUp(station, seat, { kind: 'note', reason: `${reason}; closing it and opening again`, reopen: true })
  } else {
    giveUp(station, seat, {
      kind: 'gave-up',
      reason: `${reason}, ${seat.misses} times in a row`,
      successor: peer,
      unfit: true,
    })
  }
}
