/**
 * A cause that comes and goes again and again: after a few times within an hour it lasts, for whoever is told, until it has stayed away for a
 * while. So nobody gets more than a dozen messages of it in an hour, repetitions aside.
 */
import { after, between, type Instant } from '@lvsm/base'

export const WINDOW_MS = 3_600_000
/** Ends within that time. */
export const MOST_ENDS = 4
/** How long it stays away before it is over. */
export const SETTLE_MS = 600_000
const MOST_CAUSES = 1024

/** By cause: when it was over, of the last hour. */
export type Ends = Map<string, readonly Instant[]>

const lately = (ends: readonly Instant[] | undefined, now: Instant): readonly Instant[] =>
  (ends ?? []).filter((at) => between(at, now) < WINDOW_MS)

export function noteEnd(ends: Ends, key: string, now: Instant): void {
  const all = [...lately(ends.get(key), now), now].slice(-MOST_ENDS)
  // The last one is the youngest.
  ends.delete(key)
  ends.set(key, all)
  for (const [other, times] of ends) {
    if (ends.size <= MOST_CAUSES && lately(times, now).length > 0) break
    ends.delete(other)
  }
}
export const isFlapping = (ends: Ends, key: string, now: Instant): boolean =>
  lately(ends.get(key), now).length >= MOST_ENDS

/** When it may be over that went at that time, should nothing come back. */
export const overAt = (ends: Ends, key: string, goneAt: Instant, usualMs: number): Instant =>
  after(goneAt, isFlapping(ends, key, goneAt) ? SETTLE_MS : usualMs)

export const flappingText = (summary: string): string =>
  `${summary} (it comes and goes: over ${MOST_ENDS} times within an hour; that it is over is told when it has stayed away for ${SETTLE_MS / 60_000} minutes)`
