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
  /** Why it failed last, and how many times in a row. Not there: no result of its check did. */
  readonly failure?: { readonly reason: string; readonly times: number }
  /** It is believed no longer than until the next result. */
  readonly isOld?: boolean
}
export interface CheckResult {
  readonly ok: boolean
  readonly reason: string
}

export const UNCHECKED: Health = { healthy: null, against: 0, reason: 'not checked yet' }

/** What was known longer ago says little of now. Milliseconds. */
export const LAST_KNOWN_MS = 300_000

/**
 * What the kernel's table says at the start of an agent: who is served now stays served until checks say otherwise, and nobody else
 * is served before one does. `ageMs`: so long nobody checked; null: that is not known.
 */
export function servedBefore(served: boolean, ageMs: number | null = 0): Health {
  if (!served) return UNCHECKED
  return { ...UNCHECKED, healthy: true, ...(ageMs !== null && ageMs > LAST_KNOWN_MS ? { isOld: true } : {}) }
}

/** One more result. The first one decides at once where nothing is known, or nothing that is not old: there is nothing to damp. */
export function judge(health: Health, result: CheckResult, damping: Damping): Health {
  const { ok, reason } = result
  const told = { reason, ...failureOf(health, result) }
  if (health.healthy === null || health.isOld === true) return { healthy: ok, against: 0, ...told }
  if (health.healthy === ok) return { healthy: ok, against: 0, ...told }
  const against = health.against + 1
  const enough = against >= (ok ? damping.rise : damping.fall)
  return enough ? { healthy: ok, against: 0, ...told } : { healthy: health.healthy, against, ...told }
}

function failureOf({ healthy, against, failure }: Health, { ok, reason }: CheckResult): Pick<Health, 'failure'> {
  if (ok) return failure ? { failure } : {}
  const goesOn = healthy === false ? against === 0 : against > 0
  return { failure: { reason, times: goesOn && failure ? failure.times + 1 : 1 } }
}
