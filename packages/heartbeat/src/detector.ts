/** Silence of a node, judged: alive, late (after warntime), dead (after deadtime), unknown (never heard). */
import { after, between, type Instant, NEVER_BEFORE, type Timing } from '@lvsm/base'
import type { NodeLife } from '@lvsm/protocol'

/** In heartbeat intervals: one lost heartbeat is forgiven; of whom two are missing does not hold up the order of candidates. */
const SILENT_AFTER = 2.2

export function lifeOf(heardAt: Instant | null, now: Instant, timing: Timing): NodeLife {
  if (heardAt === null) return 'unknown'
  const silentMs = between(heardAt, now)
  if (silentMs >= timing.deadtimeMs) return 'dead'
  return silentMs >= timing.warntimeMs ? 'late' : 'alive'
}

/** When a node that heartbeats each `intervalMs` counts as silent, for the order of candidates only: sooner than late or dead. */
export const silentFrom = (heardAt: Instant | null, intervalMs: number): Instant =>
  heardAt === null ? NEVER_BEFORE : after(heardAt, SILENT_AFTER * intervalMs)

export const speaks = (heardAt: Instant | null, now: Instant, intervalMs: number): boolean =>
  now < silentFrom(heardAt, intervalMs)
