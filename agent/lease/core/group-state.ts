/** A group that this node directs: where it stands with the lease, the kernel's fence and the addresses. */
import { type Instant, NEVER_BEFORE, type Random, ROUNDING_MS, type Timing } from '@lvsm/base'
import { Candidate, FenceElement, Holder, type LeaseGroup, type Rules } from '@lvsm/lease'
import type { Phase } from './phases.ts'

/** A lease that was given up: what the voters must be told once everything is closed. */
export interface PendingRelease {
  readonly upTo: number
  readonly successor: string | null
  /** RELEASE is repeated, because the network may lose it; each entry is an instant. */
  repeatAt: Instant[]
}
export interface Transfer {
  readonly to: string
  readonly reason: string
  readonly since: Instant
  readonly sequences: Set<number>
  resendAt: Instant
}

export interface GroupState {
  group: LeaseGroup
  /** A change of its addresses that waits until everything is closed; `to` is null when this node no longer directs it. */
  change: { readonly to: LeaseGroup | null } | null
  /** Changed by `enter` only. */
  readonly phase: Phase
  readonly holder: Holder
  readonly candidate: Candidate
  readonly announce: FenceElement
  readonly serve: FenceElement
  /** Whether the addresses are off for certain (removed, acknowledged, and no call out). */
  addressOff: boolean
  addressCalls: number
  /** They were added, and nobody took them off since; how often in a row their lifetime could not be extended. */
  addressOn: boolean
  addressMisses: number
  /** When the addresses' lifetime is to be extended. */
  refreshAt: Instant
  /** Open again with the same lease once everything is closed; with phase `watching` that is now. */
  reopen: boolean
  pendingRelease: PendingRelease | null
  transfer: Transfer | null
  /** When a failed call is tried again. */
  retryAt: Instant
  /** Fence calls in a row that the kernel did not acknowledge. */
  misses: number
  burst: { readonly since: Instant; sent: number } | null
  defendedAt: Instant
  /** What the agent said last, and until when it counts. */
  readiness: { readonly ready: boolean; readonly reaches: number; readonly reason: string; readonly until: Instant }
  /** So long the agent's word counts that no client could reach an owner here. */
  interfaceFaultUntil: Instant
  /** After a failure of this node's kernel others go first, until this instant. */
  faultUntil: Instant
  /** Not before this instant is a hand-over for standby tried again. */
  standbyAt: Instant
  /** Since when a ready peer would serve better; null while none would. */
  betterSince: Instant | null
  /** The last offer to a better peer, and for how long a peer must have been better for that; null: there was none lately. */
  betterMove: { readonly at: Instant; readonly forMs: number } | null
  /** Until when a peer that refused an offer is offered the group last. */
  readonly refusedUntil: Map<string, Instant>
  /** Lease number to renew with, when a voter knows of a higher one than ours. */
  raisedNumber: number
  /** Something happened to it in this step. */
  touched: boolean
  /** When something is due, if nothing happens before. */
  dueAt: Instant
  /** What its beats last said, and since when. */
  lastClaim: { text: string; since: Instant }
}

export function newGroupState(group: LeaseGroup, own: string, random: Random, rules: Rules): GroupState {
  return {
    group,
    change: null,
    phase: 'closing',
    holder: new Holder(own, rules),
    candidate: new Candidate(random),
    announce: new FenceElement(),
    serve: new FenceElement(),
    addressOff: false,
    addressCalls: 0,
    addressOn: false,
    addressMisses: 0,
    refreshAt: NEVER_BEFORE,
    reopen: false,
    pendingRelease: null,
    transfer: null,
    retryAt: NEVER_BEFORE,
    misses: 0,
    burst: null,
    defendedAt: NEVER_BEFORE,
    readiness: { ready: false, reaches: 0, reason: '', until: NEVER_BEFORE },
    interfaceFaultUntil: NEVER_BEFORE,
    faultUntil: NEVER_BEFORE,
    standbyAt: NEVER_BEFORE,
    betterSince: null,
    betterMove: null,
    refusedUntil: new Map(),
    raisedNumber: 0,
    touched: true,
    dueAt: NEVER_BEFORE,
    lastClaim: { text: '', since: NEVER_BEFORE },
  }
}

export const fenceCalls = (instance: GroupState): number => instance.announce.out + instance.serve.out
/** Everything is off, for certain. */
export const isAllOff = (instance: GroupState, now: Instant): boolean =>
  instance.announce.isClosed(now) && instance.serve.isClosed(now) && instance.addressOff && instance.addressCalls === 0
export const isFaultOver = (instance: GroupState, now: Instant): boolean => now >= instance.faultUntil
export const isReady = (instance: GroupState, now: Instant): boolean =>
  instance.readiness.ready && now < instance.readiness.until && isFaultOver(instance, now)
/** Why the kernel is not known to be prepared. */
export const unreadyReason = ({ readiness }: GroupState): string => {
  if (readiness.until === NEVER_BEFORE) return 'the agent has not said so yet'
  return readiness.ready ? 'the agent has not said so lately' : readiness.reason
}
/** Whether its phase is one that needs a valid lease. */
export const needsLease = ({ phase }: GroupState): boolean =>
  phase === 'acquiring' || phase === 'active' || phase === 'handingOver'
/** Whether this node acts as the holder, up to its deadline. */
export const isLeaseValid = (instance: GroupState, now: Instant): boolean =>
  needsLease(instance) && instance.holder.believes(now)
/**
 * The timing that this holding is renewed by. Voters that lend for a shorter time, because their view or their disk is of
 * another duration, are asked sooner, and the fence is opened and renewed in the same proportion.
 */
export function paceOf(timing: Timing, { holder }: GroupState): Timing {
  const part = holder.grantedMs > 0 ? Math.min(1, holder.grantedMs / timing.termMs) : 1
  if (part === 1) return timing
  const { keepaliveMs, termMs, applyMs } = timing
  return { ...timing, keepaliveMs: part * keepaliveMs, termMs: part * termMs, applyMs: part * applyMs }
}
/** A lease with less left than this cannot be opened: the first opening, its extension, and time for the calls. */
export function enoughMs(timing: Timing, instance: GroupState): number {
  const { keepaliveMs, applyMs } = paceOf(timing, instance)
  return 2 * (keepaliveMs + ROUNDING_MS) + applyMs
}
