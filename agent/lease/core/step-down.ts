/**
 * Stepping down from a group: the local lease ends → fence closed, addresses off → the kernel acknowledged both → RELEASE
 * (packages/lease/PROTOCOL.md 4.5).
 *
 * Laws: the lease ends before the first call is made; voters are told only after everything is off (closing.ts); a call
 * that failed is tried again, and until it succeeds the voters' own timers protect the address.
 */
import { type LeaseEvent } from '@lvsm/protocol'
import { heartbeatSoon } from './heartbeats.ts'
import { BOTH, closeFence, removeAddresses } from './kernel-calls.ts'
import { enter } from './phases.ts'
import { needsLease, type GroupState } from './group-state.ts'
import { type LeaseState, emitEvent } from './state.ts'

export interface StepDown {
  /** Kind of the event for operators. */
  readonly event: LeaseEvent['kind']
  /** The director that the voters keep their votes for. */
  readonly successor?: string | null
  /** Keep the lease, and open again under it as soon as everything is closed. */
  readonly reopen?: boolean
}

/**
 * Steps down from a group in any phase. Its steps: `endLease`, `closeAll`, and once the kernel acknowledged, `startRelease`
 * (from `tickClosing`). A planned transfer with a drain time uses the same steps in another order (transfer.ts).
 */
export function stepDown(state: LeaseState, instance: GroupState, reason: string, how: StepDown): void {
  const { event, successor = null, reopen = false } = how
  const { phase } = instance
  // Operators know already that a group is closed or closing; not, that it lost the lease it meant to keep.
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

/** Ends the local lease, and notes the RELEASE that the voters get once everything is closed. */
export function endLease(instance: GroupState, successor: string | null): void {
  instance.reopen = false
  instance.pendingRelease = { upTo: instance.holder.release(), successor, repeatAt: [] }
}

/** Calls that close the fence and remove the addresses. */
export function closeAll(state: LeaseState, instance: GroupState): void {
  instance.touched = true
  instance.burst = null
  instance.transfer = null
  instance.betterSince = null
  closeFence(state, instance, BOTH)
  removeAddresses(state, instance)
}
