/** What is due now, and when something will be due next. */
import { after, earlier, type Instant } from '@lvsm/base'
import { latestOf, type LeaseView } from '@lvsm/lease'
import { nextAnnouncement, tendAnnouncements } from './announcing.ts'
import { nextBeat } from './beats.ts'
import { nextCandidacy, tendCandidate } from './candidacy.ts'
import { giveUp, nextFarewell, tendClosing, tendFarewell } from './closing.ts'
import { tendGuard } from './guarding.ts'
import { nextDurable, tendDurable } from './durable.ts'
import { bestPeer, betterPeer, rankChangesAt } from './peers.ts'
import { addAddresses } from './kernel.ts'
import { nextRenewal, tendRenewals } from './renewing.ts'
import { tendBeats } from './post.ts'
import { isFit, type Seat } from './seat.ts'
import type { Station } from './station.ts'
import { tendWaiting } from './voting.ts'
import { beginTransfer, nextTransfer, tendDraining, tendParting, tendTransfer } from './transfer.ts'

const STANDBY_RETRY_MS = 1000
const NEVER = Number.POSITIVE_INFINITY as Instant

/** Before anything else in a step: whatever happened meanwhile, nobody acts on a lease that has run out. */
export function expire(station: Station): void {
  for (const seat of station.seats.values()) {
    const acting = seat.phase === 'taking' || seat.phase === 'holding' || seat.phase === 'parting'
    if (!acting || seat.holder.believes(station.now)) continue
    seat.touched = true
    giveUp(station, seat, {
      kind: 'lost',
      reason: `no majority renewed lease ${seat.holder.number} of ${seat.group.name} in time`,
    })
  }
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
  if (seat.phase === 'watching') tendCandidate(station, view, seat)
}

function tendHolding(station: Station, view: LeaseView, seat: Seat): void {
  tendRenewals(station, view, seat)
  if (seat.phase !== 'holding') return
  tendAnnouncements(station, seat)
  if (station.now >= seat.refreshAt) addAddresses(station, seat)
  tendTransfer(station, view, seat)
  if (station.now < seat.cutOffUntil) yieldCutOff(station, view, seat)
  if (seat.phase === 'holding') tendBetter(station, view, seat)
  if (seat.phase !== 'holding' || !station.standby || seat.transfer || station.now < seat.standbyAt) return
  seat.standbyAt = after(station.now, STANDBY_RETRY_MS)
  if (bestPeer(station, view, seat.group)) beginTransfer(station, view, seat, null, `${station.node} is set to standby`)
}

/** Without drain or delay: what reached this node no more cannot be disturbed. Where nobody is ready, it may recover. */
function yieldCutOff(station: Station, view: LeaseView, seat: Seat): void {
  const successor = bestPeer(station, view, seat.group)
  if (successor) giveUp(station, seat, { kind: 'gave-up', reason: seat.says.reason, successor })
}

/** For so long a peer must be better off: what is repaired meanwhile moves nothing. */
export const BETTER_FOR_MS = 3000

/** A ready peer that would serve the group better gets it, as in any planned move: nothing changes before it is willing. */
function tendBetter(station: Station, view: LeaseView, seat: Seat): void {
  const better = station.standby || seat.transfer ? null : betterPeer(station, view, seat)
  if (better === null) {
    seat.betterSince = null
    return
  }
  seat.betterSince ??= station.now
  if (station.now < after(seat.betterSince, BETTER_FOR_MS)) return
  // Where it refuses, it is asked again as long after.
  seat.betterSince = null
  beginTransfer(station, view, seat, better.node, better.why)
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
    )
  if (seat.phase === 'taking' || seat.phase === 'parting') times.push(seat.holder.deadline)
  if (seat.phase === 'draining') times.push(seat.serve.latest)
  if (seat.phase === 'closing') times.push(callsOut(seat) ? NEVER : earlier(seat.retryAt, closedAt(seat)))
  if (seat.phase === 'holding') {
    times.push(seat.refreshAt, nextRenewal(station, view, seat), nextAnnouncement(seat), nextTransfer(view, seat))
    if (station.standby && !seat.transfer) times.push(seat.standbyAt)
    if (seat.betterSince !== null) times.push(after(seat.betterSince, BETTER_FOR_MS))
  }
  return times
}

/** When the kernel has closed by itself what it did not close when told to. */
const closedAt = (seat: Seat): Instant => (seat.addressOff ? latestOf([seat.announce, seat.serve]) : NEVER)
const callsOut = (seat: Seat): boolean => seat.announce.out + seat.serve.out + seat.addressCalls > 0
