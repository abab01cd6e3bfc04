/** State of one group on this director (a VRRP instance): its phase, lease, fence elements and addresses. */
import { type LeaseGroup } from '@lvsm/protocol'
import { type Instant, NEVER_BEFORE, type Random, ROUNDING_MS, type Timing } from '@lvsm/base'
import { Candidate, FenceElement, Holder, type Rules } from '@lvsm/lease'
import type { Phase } from './phases.ts'

/** A RELEASE that must be sent once everything is closed, and its repeats. */
export interface PendingRelease {
  readonly upTo: number
  readonly successor: string | null
  /** When it is sent again, because the network may lose it. */
  repeatAt: Instant[]
}
/** A planned transfer that was offered: RESEND and end are timed from `since`. */
export interface Transfer {
  readonly to: string
  readonly reason: string
  readonly since: Instant
  /** It is tried again each second until it succeeds, and not told of each time. */
  readonly repeated: boolean
  /** Nobody ordered it: a policy. */
  readonly unordered: boolean
  readonly sequences: Set<number>
  resendAt: Instant
}

export interface GroupState {
  group: LeaseGroup
  /** A new list of addresses, adopted once the old one is closed; `to` is null when this node no longer directs the group. */
  change: { readonly to: LeaseGroup | null } | null
  /** Changed by `enter` only. */
  readonly phase: Phase
  readonly holder: Holder
  readonly candidate: Candidate
  readonly announce: FenceElement
  readonly serve: FenceElement
  /** The addresses are off for certain: removed, acknowledged, and no call is out. */
  addressOff: boolean
  addressCalls: number
  /** The addresses were added and not removed since; `addressMisses`: failed extensions of their lifetime in a row. */
  addressOn: boolean
  addressMisses: number
  /** When the addresses' lifetime is to be extended. */
  refreshAt: Instant
  /** Keep the lease and open again under it once everything is closed. */
  reopen: boolean
  pendingRelease: PendingRelease | null
  transfer: Transfer | null
  /** When calls that failed are tried again in `closing`. */
  retryAt: Instant
  /** Fence calls in a row that the kernel did not acknowledge. */
  misses: number
  /** Gratuitous ARP since the take. */
  burst: { readonly since: Instant; sent: number } | null
  /** When another owner offered it last, and this node was willing. */
  offeredAt: Instant
  /** By address, with its interface: when somebody had taken it off. */
  readonly putBack: Map<string, readonly Instant[]>
  /** When the address was last defended against another MAC. */
  defendedAt: Instant
  /** Against which the last one was that was told of, and when. */
  rival: { readonly mac: string; readonly toldAt: Instant } | null
  /** Whoever was heard last with an address of it, while this node owned it. */
  conflict: { readonly mac: string; readonly where: string; readonly at: Instant } | null
  /** Readiness as the agent reported it last, and until when that is trusted. */
  readiness: {
    readonly ready: boolean
    readonly reaches: number
    readonly blind: number
    /** A service of which nothing is known here, or none: it would not be served. */
    readonly dark: string | null
    /** By what no client of a service would get through here; null: all would. */
    readonly shut: string | null
    readonly reason: string
    readonly until: Instant
  }
  /** Until when the agent's report "interface down" is trusted (VRRP: FAULT). */
  interfaceFaultUntil: Instant
  /** Back-off after a kernel failure: until then this node is not ready. */
  faultUntil: Instant
  /** When the next transfer because of standby may start. */
  standbyAt: Instant
  /** Since when a better peer is ready; null while there is none. */
  betterSince: Instant | null
  /** The last transfer to a better peer, and how long that peer had to be better; the next has to be so for longer. */
  betterMove: { readonly at: Instant; readonly forMs: number } | null
  /** By peer that refused an offer: until when it is the last choice. */
  readonly refusedUntil: Map<string, Instant>
  /** Lease number to renew with, when a voter knows of a higher one than ours. */
  raisedNumber: number
  /** Of the lease that was told as taken last; 0: none in this life. Only told, never acted on. */
  toldNumber: number
  /** When a majority extended the present or last lease last, its first grant included; null before the first. */
  extendedAt: Instant | null
  /** To be looked at by the next tick. */
  touched: boolean
  /** The next timer of this group. */
  dueAt: Instant
  /** The claim in the last heartbeats, and since when it is so. */
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
    offeredAt: NEVER_BEFORE,
    putBack: new Map(),
    defendedAt: NEVER_BEFORE,
    rival: null,
    conflict: null,
    readiness: { ready: false, reaches: 0, blind: 0, dark: null, shut: null, reason: '', until: NEVER_BEFORE },
    interfaceFaultUntil: NEVER_BEFORE,
    faultUntil: NEVER_BEFORE,
    standbyAt: NEVER_BEFORE,
    betterSince: null,
    betterMove: null,
    refusedUntil: new Map(),
    raisedNumber: 0,
    toldNumber: 0,
    extendedAt: null,
    touched: true,
    dueAt: NEVER_BEFORE,
    lastClaim: { text: '', since: NEVER_BEFORE },
  }
}

/** Fence calls that the kernel has not answered. */
export const fenceCalls = (instance: GroupState): number => instance.announce.out + instance.serve.out
/** Fence closed and addresses off, both acknowledged. */
export const isAllOff = (instance: GroupState, now: Instant): boolean =>
  instance.announce.isClosed(now) && instance.serve.isClosed(now) && instance.addressOff && instance.addressCalls === 0
export const isFaultOver = (instance: GroupState, now: Instant): boolean => now >= instance.faultUntil
export const isReady = (instance: GroupState, now: Instant): boolean =>
  instance.readiness.ready && now < instance.readiness.until && isFaultOver(instance, now)
/** Why this node is not ready, for operators. */
export const unreadyReason = ({ readiness }: GroupState): string => {
  if (readiness.until === NEVER_BEFORE) return 'the agent has not said so yet'
  return readiness.ready ? 'the agent has not said so lately' : readiness.reason
}
/** Phases that are legal under a valid lease only. */
export const needsLease = ({ phase }: GroupState): boolean =>
  phase === 'acquiring' || phase === 'active' || phase === 'handingOver'
/** Local lease is valid: before its deadline (packages/lease/PROTOCOL.md 4.1). */
export const isLeaseValid = (instance: GroupState, now: Instant): boolean =>
  needsLease(instance) && instance.holder.believes(now)
/**
 * Timing of renewals, in proportion to what the voters granted: where their view or disk has a shorter lease duration, lease
 * and fence are renewed that much sooner.
 */
export function paceOf(timing: Timing, { holder }: GroupState): Timing {
  const part = holder.grantedMs > 0 ? Math.min(1, holder.grantedMs / timing.leaseMs) : 1
  if (part === 1) return timing
  const { keepaliveMs, leaseMs, applyMs } = timing
  return { ...timing, keepaliveMs: part * keepaliveMs, leaseMs: part * leaseMs, applyMs: part * applyMs }
}
/** Least remaining lease with which a fence is opened: first opening, its extension, and time for the calls. */
export function enoughMs(timing: Timing, instance: GroupState): number {
  const { keepaliveMs, applyMs } = paceOf(timing, instance)
  return 2 * (keepaliveMs + ROUNDING_MS) + applyMs
}
