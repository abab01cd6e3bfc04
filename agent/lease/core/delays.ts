/**
 * How late this process is: its loop, when its timer rings, and the renewals of what it owns. A lease leaves little room for
 * either; a machine that needs more is told which lease duration would do.
 */
import { countDelay, type DelayCounts, type DelayReport, type LeaseView, newDelayCounts } from '@lvsm/protocol'
import {
  between,
  fenceMs,
  holdMs,
  LONGEST_LEASE_MS,
  type Instant,
  NEVER_BEFORE,
  pastAfter,
  renewalMs,
  type Timing,
  type Trouble,
} from '@lvsm/base'
import type { GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'

const MINUTE_MS = 60_000
/** The worst of so many minutes counts. */
const MINUTES = 5
/** A delay that takes more than this part of the room is a trouble. A standstill has half of the room (`bearableMs`): there it is all of that. */
const MOST = { renewal: 0.6, loop: 0.5 } as const
type Kind = keyof typeof MOST

export interface Delay extends DelayCounts {
  /** The longest of each of the last minutes. */
  worst: { readonly minute: number; ms: number }[]
  /** When there was one that is a trouble, the last. */
  lateAt: Instant[]
}
export const newDelay = (): Delay => ({ ...newDelayCounts(), worst: [], lateAt: [] })

function note(kind: Kind, ms: number, { now, view, delays }: LeaseState): void {
  const delay = delays[kind]
  countDelay(delay, ms)
  if (view && ms > mostMs(view.timing, kind)) delay.lateAt = [...recent(delay, now), now].slice(-MOST_TIMES)
  const minute = Math.floor(now / MINUTE_MS)
  const last = delay.worst.at(-1)
  if (last?.minute === minute) last.ms = Math.max(last.ms, ms)
  else delay.worst = [...delay.worst.slice(1 - MINUTES), { minute, ms }]
}

/** More of them are not counted. */
const MOST_TIMES = 1000
const recent = ({ lateAt }: Delay, now: Instant): readonly Instant[] =>
  lateAt.filter((at) => between(at, now) < (MINUTES + 1) * MINUTE_MS)

const worstOf = ({ worst }: Delay, now: Instant): number =>
  Math.max(0, ...worst.filter(({ minute }) => minute > Math.floor(now / MINUTE_MS) - MINUTES).map(({ ms }) => ms))

/** The timer rang. */
export function noteWake(state: LeaseState): void {
  if (state.wakeAt > NEVER_BEFORE) note('loop', Math.max(0, between(state.wakeAt, state.now)), state)
}

/** What is less is no standstill. */
const STANDSTILL_MS = 50

/** At the begin of every step, whatever it is for: a process that stood still may hear a datagram before its timer. */
export function noteStandstill(state: LeaseState): void {
  const ms = state.wakeAt > NEVER_BEFORE ? between(state.wakeAt, state.now) : 0
  if (ms >= STANDSTILL_MS) state.stoodStill = { ms, until: state.now }
}
/** The last standstill, where it ended after `since`; else 0. */
export function stoodStillMs({ stoodStill }: LeaseState, since: Instant | null): number {
  return stoodStill && since !== null && stoodStill.until > since ? stoodStill.ms : 0
}

/** The lease was extended. One that ends because no majority is heard is no delay of this machine. */
export function noteRenewal(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const { extendedAt } = instance
  instance.extendedAt = state.now
  if (extendedAt === null) return
  note('renewal', Math.max(0, between(extendedAt, state.now) - renewalMs(view.timing)), state)
}

export function delayReports({ delays, now }: LeaseState): Readonly<Record<'loop' | 'renewal', DelayReport>> {
  const report = (delay: Delay): DelayReport => ({
    counts: delay.counts,
    sumMs: delay.sumMs,
    worstMs: worstOf(delay, now),
  })
  return { loop: report(delays.loop), renewal: report(delays.renewal) }
}

/** What a renewal may be late without the lease being lost, milliseconds. */
const roomMs = (timing: Timing): number => holdMs(timing.leaseMs) - renewalMs(timing)
const mostMs = (timing: Timing, kind: Kind): number => MOST[kind] * roomMs(timing)

/**
 * How long this process may stand still, milliseconds: its fence runs out then, which a process that runs extends with what is left of the lease.
 */
const bearableMs = (timing: Timing): number => fenceMs(timing) - renewalMs(timing)

/** A standstill beside how long a lease bears one; empty: there was none. `pace`: of the group; null: not known. */
export function standstillText(
  stillMs: number,
  pace: Timing | null,
): { readonly text: string; readonly isEnough: boolean } {
  if (stillMs === 0 || !pace) return { text: '', isEnough: false }
  const [bearable, lease] = [bearableMs(pace), `a lease of ${Math.round(pace.leaseMs)} ms`]
  const isEnough = stillMs > bearable
  const text = `this process stood still for ${Math.round(stillMs)} ms, ${isEnough ? 'longer' : 'no longer'} than the ${Math.round(bearable)} ms that ${lease} bears`
  return { text, isEnough }
}

/** The room grows with the lease, as the pace does; a delay does not. */
function neededLeaseMs(timing: Timing, kind: Kind, worstMs: number): number {
  const needed = timing.leaseMs * (worstMs / mostMs(timing, kind))
  const step = needed < 1000 ? 50 : 500
  return Math.ceil(needed / step) * step
}

export function delayTroubles(state: LeaseState, { timing }: LeaseView): Trouble[] {
  const worst = (kind: Kind): number => worstOf(state.delays[kind], state.now)
  const kind = worst('renewal') / MOST.renewal >= worst('loop') / MOST.loop ? 'renewal' : 'loop'
  const worstMs = worst(kind)
  if (worstMs <= mostMs(timing, kind)) return []
  const what =
    kind === 'renewal'
      ? `a renewal came ${Math.round(worstMs)} ms late`
      : `the lease process stood still for ${Math.round(worstMs)} ms`
  const room = kind === 'renewal' ? roomMs(timing) : bearableMs(timing)
  const message = `in the last five minutes ${what}, and a lease of ${timing.leaseMs} ms bears no more than ${Math.round(room)} ms`
  const needed = neededLeaseMs(timing, kind, worstMs)
  const lease =
    needed > LONGEST_LEASE_MS
      ? `a longer lease would not do: none may last longer than ${LONGEST_LEASE_MS / 1000} s`
      : `or give every node a longer lease: this machine needs about ${needed} ms, with a keepalive in proportion (timing.lease, timing.keepalive)`
  const times = recent(state.delays[kind], state.now)
  const last = times.at(-1)
  const seen = { evidence: `${times.length === 1 ? 'once' : `${times.length} times`} within the last minutes` }
  const more = last === undefined ? {} : { ...seen, ...pastAfter(between(last, state.now)) }
  const hint = `look for what holds up lvsm-lease or its datagrams; ${lease}`
  return [{ code: 'late', severity: 'warning', message, ...more, hint }]
}
