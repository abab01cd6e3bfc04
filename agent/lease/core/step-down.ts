/**
 * Stepping down from a group: the local lease ends → fence closed, addresses off → the kernel acknowledged both → RELEASE
 * (packages/lease/PROTOCOL.md 4.5).
 *
 * Laws: the lease ends before the first call is made; voters are told only after everything is off (closing.ts); a call
 * that failed is tried again, and until it succeeds the voters' own timers protect the address.
 */
import type { LeaseEvent } from '@lvsm/lease'
import { heartbeatSoon } from './heartbeats.ts'
import { BOTH, closeFence, removeAddresses } from './kernel-calls.ts'
import { enter } from './phases.ts'
import { needsLease, type GroupState } from './group-state.ts'
import { type LeaseState, emitEvent } from './state.ts'

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
 * (`closeAll`), and once the kernel has acknowledged that, the voters are told (`startRelease`, from `tickClosing`).
 */
export function stepDown(state: LeaseState, instance: GroupState, reason: string, how: StepDown): void {
  const { event, successor = null, reopen = false } = how
  const { phase } = instance
  // Of a group that is closed or being closed operators were told; that it lost its lease meanwhile is news.
  if (needsLease(instance) || event === 'lost')
    emitEvent(state, instance.group.name, event, instance.holder.number, reason)
  if (phase === 'closing') {
    if (instance.reopen && !reopen) endLease(instance, successor)
    return
  }
  if (phase === 'backup') {
    if (instance.candidate.asking) endLease(instance, null)
  } else if (phase !== 'draining') {
    if (reopen) instance.reopen = true
    else endLease(instance, successor)
    heartbeatSoon(state)
  }
  enter(instance, 'closing')
  closeAll(state, instance)
}

/** The lease is valid here no more, and a RELEASE is due; the voters hear of it when everything is closed. */
export function endLease(instance: GroupState, successor: string | null): void {
  instance.reopen = false
  instance.pendingRelease = { upTo: instance.holder.release(), successor, repeatAt: [] }
}

/** Closes the fence and takes the addresses off. */
export function closeAll(state: LeaseState, instance: GroupState): void {
  instance.touched = true
  instance.burst = null
  instance.transfer = null
  instance.betterSince = null
  closeFence(state, instance, BOTH)
  removeAddresses(state, instance)
}
