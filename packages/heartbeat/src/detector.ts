/** Silence of a node, judged: alive, late (after warntime), dead (after deadtime), unknown (never heard). */
import { between, type Instant, type Timing } from '@lvsm/base'

export type Life = 'alive' | 'late' | 'dead' | 'unknown'

/** One lost beat is forgiven; of whom two are missing does not hold up the order of candidates. */
const SILENT_BEATS = 2.2

export function lifeOf(heardAt: Instant | null, now: Instant, timing: Timing): Life {
  if (heardAt === null) return 'unknown'
  const silentMs = between(heardAt, now)
  if (silentMs >= timing.deadtimeMs) return 'dead'
  return silentMs >= timing.warntimeMs ? 'late' : 'alive'
}

/** Whether a node that beats each `intervalMs` speaks just now: stricter than `alive`, for the order of candidates only. */
export const speaks = (heardAt: Instant | null, now: Instant, intervalMs: number): boolean =>
  heardAt !== null && between(heardAt, now) <= SILENT_BEATS * intervalMs
