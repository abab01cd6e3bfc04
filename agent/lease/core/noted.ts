/** Notes that were told lately. */
import { after, type Instant } from '@lvsm/base'

/** What somebody does to a node again and again is told now and then: it must not push out of history who owned what. */
const NOTED_AGAIN_MS = 10_000
const MOST_NOTED = 256

interface Noted {
  readonly notedAt: Map<string, Instant>
  readonly now: Instant
}
/** It was told a moment ago. */
export function isNoted({ notedAt, now }: Noted, note: string): boolean {
  const at = notedAt.get(note)
  if (at !== undefined && now < after(at, NOTED_AGAIN_MS)) return true
  // The order is that of their times.
  notedAt.delete(note)
  notedAt.set(note, now)
  for (const oldest of notedAt.keys()) {
    if (notedAt.size <= MOST_NOTED) break
    notedAt.delete(oldest)
  }
  return false
}
