/** The weight of a realserver that came back: it grows to what the configuration says, for caches that are cold. */

/** Each change is one of the kernel's table, so there are few. */
const STEPS = 10

/** How long it serves again that has this weight now, at least; null: it has all of it. What `rampedWeight` says of that is the same weight. */
export function rampedSince(weight: number, now: number, slowStartMs: number): number | null {
  if (slowStartMs <= 0 || now < 1 || now >= weight) return null
  // Small weights stand at 1 for several steps.
  const step = now === 1 ? 1 : Math.ceil((now * STEPS) / weight)
  return ((step - 1) * slowStartMs) / STEPS
}

/**
 * `sinceMs`: since it serves again; null: it was not away. At least 1 where `weight` is, so that it takes connections at all: what has weight 1
 * has it from the beginning.
 */
export function rampedWeight(weight: number, sinceMs: number | null, slowStartMs: number): number {
  if (sinceMs === null || slowStartMs <= 0 || sinceMs >= slowStartMs || weight <= 1) return weight
  const step = Math.floor((sinceMs * STEPS) / slowStartMs) + 1
  return Math.max(1, Math.floor((weight * Math.min(step, STEPS)) / STEPS))
}
