/** What is due now, and when something will be due next. */
import { earlier, type Instant } from '@lvsm/base'
import { latestOf, type LeaseView } from '@lvsm/lease'
import { nextAnnouncement, tendAnnouncements } from './announcing.ts'
import { nextBeat } from './beats.ts'
import { nextCandidacy, tendCandidate } from './candidacy.ts'
import { tendClosing } from './closing.ts'
import { tendGuard } from './guarding.ts'
import { nextDurable, tendDurable } from './durable.ts'
import { rankChangesAt } from './peers.ts'
import { addAddresses } from './kernel.ts'
import { nextPolicy, tendPolicy } from './policy.ts'
import { tendBeats } from './post.ts'
import { nextFarewell, tendFarewell } from './release.ts'
import { leaseRanOut, nextRenewal, tendRenewals } from './renewing.ts'
import { holds, isFit, needsLease, type Seat } from './seat.ts'
import type { Station } from './station.ts'
import { takeAgain } from './taking.ts'
import { tendWaiting } from './voting.ts'
import { nextTransfer, tendDraining, tendParting, tendTransfer } from './transfer.ts'

const NEVER = Number.POSITIVE_INFINITY as Instant

/** Before anything else in a step: whatever happened meanwhile, nobody acts on a lease that has run out. */
export function expire(station: Station): void {
  for (const seat of station.seats.values())
    if (needsLease(seat) && !holds(seat, station.now)) leaseRanOut(station, seat)
}

/** Of the groups only those that something happened to, or that are due, are looked at. */
export function tend(station: Station, view: LeaseView): void {
  tendWaiting(station, view)
  tendBeats(station, view)
  for (const seat of [...station.seats.values()]) {
    if (!seat.touched && station.now < seat.dueAt) continue
    seat.touched = false
    tendSeat(station, view, seat)
    seat.dueAt = Math.min(...timesOf(station, view, seat).filter((at) => at !== null)) as Instant
  }
  tendGuard(station, view)
  tendStop(station)
  tendDurable(station)
}

function tendSeat(station: Station, view: LeaseView, seat: Seat): void {
  tendFarewell(station, view, seat)
  if (seat.phase === 'parting') tendParting(station, view, seat)
  if (seat.phase === 'holding') tendHolding(station, view, seat)
  if (seat.phase === 'draining') tendDraining(station, seat)
  if (seat.phase === 'closing') tendClosing(station, view, seat)
  if (seat.phase === 'watching' && seat.reopen) takeAgain(station, view, seat)
  if (seat.phase === 'watching') tendCandidate(station, view, seat)
}

function tendHolding(station: Station, view: LeaseView, seat: Seat): void {
  tendRenewals(station, view, seat)
  if (seat.phase !== 'holding') return
  tendAnnouncements(station, seat)
  if (station.now >= seat.refreshAt) addAddresses(station, seat)
  tendTransfer(station, view, seat)
  tendPolicy(station, view, seat)
}

/** Stopped means that everything is off for certain; how long a stubborn kernel is waited for is the process's choice. */
function tendStop(station: Station): void {
  if (!station.stopping || station.stopped) return
  const quiet = [...station.seats.values()].every(
    (seat) => seat.phase === 'watching' && !seat.candidate.asking && !seat.farewell,
  )
  if (!quiet) return
  station.stopped = true
  station.effects.push({ kind: 'stopped' })
}

/** The earliest instant at which something will be due. */
export function nextDue(station: Station, view: LeaseView): Instant {
  let next = earlier(nextBeat(station, view), nextDurable(station))
  for (const { until } of station.waiting) next = earlier(next, until)
  for (const { dueAt, touched } of station.seats.values()) next = touched ? station.now : earlier(next, dueAt)
  return next
}

function timesOf(station: Station, view: LeaseView, seat: Seat): (Instant | null)[] {
  const times: (Instant | null)[] = [nextFarewell(seat)]
  if (seat.phase === 'watching')
    times.push(
      nextCandidacy(station, view, seat),
      rankChangesAt(station, view, seat),
      isFit(seat, station.now) ? null : seat.unfitUntil,
      station.now < station.votersNewUntil ? station.votersNewUntil : null,
    )
  if (seat.phase === 'taking' || seat.phase === 'parting') times.push(seat.holder.deadline)
  if (seat.phase === 'draining') times.push(seat.serve.latest)
  if (seat.phase === 'closing') times.push(callsOut(seat) ? NEVER : earlier(seat.retryAt, closedAt(seat)))
  if (seat.phase === 'holding') {
    times.push(seat.refreshAt, nextRenewal(station, view, seat), nextAnnouncement(seat), nextTransfer(view, seat))
    times.push(...nextPolicy(station, seat))
  }
  return times
}

/** When the kernel has closed by itself what it did not close when told to. */
const closedAt = (seat: Seat): Instant => (seat.addressOff ? latestOf([seat.announce, seat.serve]) : NEVER)
const callsOut = (seat: Seat): boolean => seat.announce.out + seat.serve.out + seat.addressCalls > 0
