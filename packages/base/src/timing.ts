/**
 * The timing of a cluster and the inequalities that it must satisfy. They live in `base` because both
 * the model (which refuses a file) and the lease protocol (which relies on them) read them.
 *
 * Everything is in milliseconds.
 */
import type { Refusal } from './refusal.ts'

export interface Timing {
  /** The unit of the pace: renewals and heartbeats come every one to two of it. */
  readonly keepaliveMs: number
  /** Duration of a lease as requested; the acceptor's limit too. */
  readonly leaseMs: number
  /** Worst time from reading the clock to the kernel's acknowledgement of a renewal. */
  readonly applyMs: number
  /** Silence of a node after which it is shown as late, and as dead. */
  readonly warntimeMs: number
  readonly deadtimeMs: number
  /** Longest overlap in which the old owner of a planned switchover still serves what reaches it. */
  readonly drainMs: number
}

/** No lease of any cluster may be longer: what a voter waits for when it cannot read its state (packages/lease/PROTOCOL.md 3.1). */
export const LONGEST_LEASE_MS = 30_000
/** Nobody notices shorter ones, and a node cannot keep to them. */
const SHORTEST_KEEPALIVE_MS = 20
const SHORTEST_APPLY_MS = 5
/** Bound of the difference in rate of two clocks; counted twice by the holder. */
export const DRIFT = 0.001
/** nftables timeouts run in ticks: two ticks of 4 ms (agent/lease/FENCE.md, row 9). */
export const ROUNDING_MS = 8
/** No lease of any cluster can be shorter (`refuseTiming`). */
export const SHORTEST_LEASE_MS = 3 * SHORTEST_KEEPALIVE_MS + SHORTEST_APPLY_MS + ROUNDING_MS

/** How long a holder may believe after a send whose smallest grant was `grantMs`: drift counted twice, then the kernel's rounding. */
export const holdMs = (grantMs: number): number => (grantMs * (1 - DRIFT)) / (1 + DRIFT) - ROUNDING_MS

/**
 * A holder renews its lease so long after it last did, and again each third of a keepalive until a majority answered.
 * The rarer, the less is left on average when a holder dies. Under the inequality of the lease duration five sends still fit
 * between this and the end; with an apply time of up to a keepalive it comes before the fence would have to be renewed
 * from what is left of the lease.
 */
export const renewalMs = (timing: Timing): number => 1.6 * timing.keepaliveMs

/** After so long on one clock a lease of `leaseMs` that was granted before has run out on every other clock too, with a millisecond to spare. */
export const quarantineMs = (leaseMs: number): number => (leaseMs * (1 + DRIFT)) / (1 - DRIFT) + 1

/**
 * The kernel's fence of a group opens for this long at each renewal. A late one may outlive it by what the element
 * before had left (agent/lease/FENCE.md, row 5): half of the lease and of the pace together is the most that can come each time.
 */
export const fenceMs = (timing: Timing): number => (holdMs(timing.leaseMs) + renewalMs(timing)) / 2

/** No silence longer than that makes sense before a node is called dead; far more would overflow timers. */
const LONGEST_DEADTIME_MS = 300_000

/**
 * Refuses impossible timing with the inequality that failed. A figure that is not known is NaN: nothing is said of what it
 * would be compared with.
 */
export function refuseTiming(timing: Timing): Refusal[] {
  const tooLong = refuseKeepalive(timing)
  if (tooLong) return [tooLong]
  const refusals: Refusal[] = []
  const refuse = (broken: boolean, field: string, message: string, hint: string): void => {
    if (broken) refusals.push({ code: 'impossible-timing', field: `timing.${field}`, message, hint })
  }
  const { keepaliveMs, leaseMs, applyMs, warntimeMs, deadtimeMs, drainMs } = timing
  const needed = neededLeaseMs(timing)
  refuse(
    keepaliveMs < SHORTEST_KEEPALIVE_MS,
    'keepalive',
    `keepalive ${keepaliveMs} ms is under ${SHORTEST_KEEPALIVE_MS} ms`,
    `use at least ${SHORTEST_KEEPALIVE_MS}ms`,
  )
  refuse(
    leaseMs < needed,
    'lease',
    `lease ${leaseMs} ms < 3 × keepalive ${keepaliveMs} + apply ${applyMs} + drift ${(2 * DRIFT * leaseMs).toFixed(1)} + rounding ${ROUNDING_MS} = ${needed} ms`,
    `raise lease to at least ${needed}ms, or lower keepalive`,
  )
  refuse(
    leaseMs > LONGEST_LEASE_MS,
    'lease',
    `lease ${leaseMs} ms > ${LONGEST_LEASE_MS} ms, the longest that is allowed`,
    'lower lease',
  )
  refuse(
    fenceMs(timing) < 2 * keepaliveMs,
    'lease',
    `fence time ${fenceMs(timing).toFixed(0)} ms < 2 × keepalive ${keepaliveMs} ms`,
    'raise lease, or lower keepalive',
  )
  refuse(
    applyMs < SHORTEST_APPLY_MS,
    'apply',
    `apply ${applyMs} ms is under ${SHORTEST_APPLY_MS} ms`,
    `use at least ${SHORTEST_APPLY_MS}ms`,
  )
  refuse(
    warntimeMs <= keepaliveMs,
    'warntime',
    `warntime ${warntimeMs} ms ≤ keepalive ${keepaliveMs} ms`,
    'raise warntime above one keepalive',
  )
  refuse(
    deadtimeMs <= warntimeMs,
    'deadtime',
    `deadtime ${deadtimeMs} ms ≤ warntime ${warntimeMs} ms`,
    'raise deadtime above warntime',
  )
  refuse(
    deadtimeMs > LONGEST_DEADTIME_MS,
    'deadtime',
    `deadtime ${deadtimeMs} ms > ${LONGEST_DEADTIME_MS} ms: a dead node would be taken for alive all that time`,
    'lower deadtime, and warntime with it: a few lease durations do',
  )
  refuse(drainMs < 0 || drainMs > 10_000, 'drain', `drain ${drainMs} ms is outside 0–10000 ms`, 'use 0ms to 10s')
  return refusals
}

const neededLeaseMs = ({ keepaliveMs, applyMs, leaseMs }: Timing): number =>
  Math.ceil(3 * keepaliveMs + applyMs + 2 * DRIFT * leaseMs + ROUNDING_MS)

/** Where one keepalive is longer than both a lease and warntime allow, it is the one that is wrong, and one sentence says so. */
function refuseKeepalive(timing: Timing): Refusal | null {
  const { keepaliveMs, leaseMs, warntimeMs, deadtimeMs } = timing
  if (!(leaseMs < neededLeaseMs(timing) && warntimeMs <= keepaliveMs)) return null
  return {
    code: 'impossible-timing',
    field: 'timing.keepalive',
    message: `keepalive ${keepaliveMs} ms is too long beside lease ${leaseMs} ms, warntime ${warntimeMs} ms and deadtime ${deadtimeMs} ms`,
    hint: 'lower keepalive below a third of lease, or raise lease above 3 × keepalive + apply and warntime above keepalive',
  }
}
