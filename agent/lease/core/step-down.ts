/**
 * Stepping down from a group: the local lease ends → fence closed, addresses off → the kernel acknowledged both → RELEASE
 * (packages/lease/PROTOCOL.md 4.5).
 *
 * Laws: the lease ends before the first call is made; voters are told only after everything is off (closing.ts); a call
 * that failed is tried again, and until it succeeds the voters' own timers protect the address.
 */
import type { LeaseEvent } from '@lvsm/lease'
import { beatSoon } from './beats.ts'
import { BOTH, closeFence, removeAddresses } from './kernel.ts'
import { enter } from './phases.ts'
import { needsLease, type Seat } from './seat.ts'
import { type Station, tell } from './station.ts'

export interface StepDown {
  /** How operators are told of it. */
  readonly event: LeaseEvent['kind']
  /** The voters keep their votes for it. */
  readonly successor?: string | null
  /** Keep the lease, and open again as soon as everything is closed. */
  readonly reopen?: boolean
}

/**
 * Stops answering for a group, whatever its phase. Steps: the lease ends here (`endLease`), everything is closed
 * (`closeAll`), and once the kernel has acknowledged that, the voters are told (`startRelease`, from `tendClosing`).
 */
export function stepDown(station: Station, seat: Seat, reason: string, how: StepDown): void {
  const { event, successor = null, reopen = false } = how
  const { phase } = seat
  // Of a group that is closed or being closed operators were told; that it lost its lease meanwhile is news.
  if (needsLease(seat) || event === 'lost') tell(station, seat.group.name, event, seat.holder.number, reason)
  if (phase === 'closing') {
    if (seat.reopen && !reopen) endLease(seat, successor)
    return
  }
  if (phase === 'watching') {
    if (seat.candidate.asking) endLease(seat, null)
  } else if (phase !== 'draining') {
    if (reopen) seat.reopen = true
    else endLease(seat, successor)
    beatSoon(station)
  }
  enter(seat, 'closing')
  closeAll(station, seat)
}

/** The lease is valid here no more, and a RELEASE is due; the voters hear of it when everything is closed. */
export function endLease(seat: Seat, successor: string | null): void {
  seat.reopen = false
  seat.farewell = { upTo: seat.holder.release(), successor, again: [] }
}

/** Closes the fence and takes the addresses off. */
export function closeAll(station: Station, seat: Seat): void {
  seat.touched = true
  seat.burst = null
  seat.transfer = null
  seat.betterSince = null
  closeFence(station, seat, BOTH)
  removeAddresses(station, seat)
}
