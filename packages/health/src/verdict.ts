/** When a realserver counts as failed, and as healthy again. */

export interface Damping {
  /** Failures in a row that make it failed; successes in a row that make it healthy again. */
  readonly fall: number
  readonly rise: number
}
export interface Health {
  /** Null: never checked. */
  readonly healthy: boolean | null
  /** Results in a row that speak against `healthy`. */
  readonly against: number
  /** Of the last check, one sentence. */
  readonly reason: string
}
export interface CheckResult {
  readonly ok: boolean
  readonly reason: string
}

export const UNCHECKED: Health = { healthy: null, against: 0, reason: 'not checked yet' }

/** What the kernel's table says at the start of an agent: who is served now stays served until checks say otherwise. */
export const servedBefore = (served: boolean): Health => ({ ...UNCHECKED, healthy: served ? true : null })

/** One more result. The first one ever decides at once: there is nothing to damp yet. */
export function judge(health: Health, result: CheckResult, damping: Damping): Health {
  const { ok, reason } = result
  if (health.healthy === null) return { healthy: ok, against: 0, reason }
  if (health.healthy === ok) return { healthy: ok, against: 0, reason }
  const against = health.against + 1
  const enough = against >= (ok ? damping.rise : damping.fall)
  return enough ? { healthy: ok, against: 0, reason } : { healthy: health.healthy, against, reason }
}
