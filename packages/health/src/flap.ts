/**
 * A realserver that fails again and again is held out for longer each time, so that its coming and going costs clients and tables a bounded
 * number of changes (as Envoy's outlier detection backs off: base_ejection_time × number of ejections, with a maximum).
 */
import { after, between, type Instant } from '@lvsm/base'

/** So many failures within this time are flapping. */
export const FLAPPING = { falls: 3, withinMs: 600_000 } as const
/** Longest hold, whatever its number. */
export const LONGEST_HOLD_MS = 300_000
/** Failures that are remembered: more make no hold longer. */
const MOST_FALLS = 16

export interface Flap {
  /** When it failed, oldest first. */
  readonly falls: readonly Instant[]
  /** It serves no earlier than that, unless nobody else is left; null: it is not held. */
  readonly heldUntil: Instant | null
}
export const STEADY: Flap = { falls: [], heldUntil: null }

/** It has failed. `holdMs`: of the first hold, each further one is longer by it; 0: it is never held. */
export function fell({ falls }: Flap, now: Instant, holdMs: number): Flap {
  const lately = [...falls.filter((at) => between(at, now) < FLAPPING.withinMs), now].slice(-MOST_FALLS)
  const times = lately.length - FLAPPING.falls + 1
  if (holdMs <= 0 || times < 1) return { falls: lately, heldUntil: null }
  return { falls: lately, heldUntil: after(now, Math.min(holdMs * times, LONGEST_HOLD_MS)) }
}

export const isHeld = ({ heldUntil }: Flap, now: Instant): boolean => heldUntil !== null && now < heldUntil
