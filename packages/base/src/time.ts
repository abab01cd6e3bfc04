/**
 * A reading of the monotonic clock, in milliseconds with fractions (CLOCK_BOOTTIME on a real node,
 * virtual time in a simulation). Only differences mean anything; never wall-clock time.
 */
export type Instant = number & { readonly __instant: unique symbol }

export const instant = (ms: number): Instant => ms as Instant
export const after = (at: Instant, ms: number): Instant => (at + ms) as Instant
/** Milliseconds from `a` to `b`; negative when `b` came first. */
export const between = (a: Instant, b: Instant): number => b - a
export const later = (a: Instant, b: Instant): Instant => (a > b ? a : b)
export const earlier = (a: Instant, b: Instant): Instant => (a < b ? a : b)
/** Before every instant that a clock can show. */
export const NEVER_BEFORE: Instant = instant(Number.NEGATIVE_INFINITY)
