/** Delays of a process as a histogram, in the form that Prometheus knows: how many were at most so long. */

/** Upper bounds of the buckets, milliseconds; the last bucket has none. */
export const DELAY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const

export interface DelayCounts {
  /** As in `DelayReport`. */
  readonly counts: number[]
  sumMs: number
}
export const newDelayCounts = (): DelayCounts => ({
  counts: Array.from({ length: DELAY_BOUNDS_MS.length + 1 }, () => 0),
  sumMs: 0,
})
export function countDelay(delays: DelayCounts, ms: number): void {
  const bucket = DELAY_BOUNDS_MS.findIndex((bound) => ms <= bound)
  const at = bucket < 0 ? DELAY_BOUNDS_MS.length : bucket
  delays.counts[at] = (delays.counts[at] ?? 0) + 1
  delays.sumMs += ms
}

export interface DelayReport {
  /** Delays within each bound, and over the last one: not cumulative, one more than there are bounds. */
  readonly counts: readonly number[]
  readonly sumMs: number
  /** The longest of the last five minutes. */
  readonly worstMs: number
}
/** `loop`: how late the lease process was when its timer rang. `renewal`: how late a lease was extended. */
export type Delays = Readonly<Record<'loop' | 'renewal', DelayReport>>
