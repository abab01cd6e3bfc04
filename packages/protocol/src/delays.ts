/** Delays of a process as a histogram, in the form that Prometheus knows: how many were at most so long. */

/** Upper bounds of the buckets, milliseconds; the last bucket has none. */
export const DELAY_BOUNDS_MS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] as const

export interface DelayReport {
  /** Delays within each bound, and over the last one: not cumulative, one more than there are bounds. */
  readonly counts: readonly number[]
  readonly sumMs: number
  /** The longest of the last five minutes. */
  readonly worstMs: number
}
/** `loop`: how late the lease process was when its timer rang. `renewal`: how late a lease was extended. */
export type Delays = Readonly<Record<'loop' | 'renewal', DelayReport>>
