/** How soon a realserver is asked again: sooner while its verdict is about to change, more seldom while it is down. */
import { seededRandom } from '@lvsm/base'
import type { Health } from './verdict.ts'

/** Milliseconds. */
export interface Paces {
  readonly intervalMs: number
  /** In transition: the last results speak against the verdict (HAProxy, fastinter). */
  readonly fastIntervalMs: number
  /** While it is down (HAProxy, downinter). */
  readonly downIntervalMs: number
}

export function paceOf({ healthy, against }: Health, { intervalMs, fastIntervalMs, downIntervalMs }: Paces): number {
  if (against > 0) return fastIntervalMs
  return healthy === false ? downIntervalMs : intervalMs
}

/**
 * An interval made shorter by up to `jitter` (0 to 1), so that checks do not fall together: never longer, for the interval is a promise of
 * how soon a failure is noticed. The same for the same target, round and seed.
 */
export function jittered(ms: number, jitter: number, { seed, id, round }: Place): number {
  if (jitter <= 0) return ms
  return ms * (1 - jitter * seededRandom(hashOf(`${seed} ${id} ${round}`)).next())
}
interface Place {
  readonly seed: string
  readonly id: string
  readonly round: number
}

/** FNV-1a, 32 bit (Fowler, Noll, Vo). */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
