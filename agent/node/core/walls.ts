/** What other nodes say of their wall clocks. */
import { between, type Instant } from '@lvsm/base'

/** Words that come late make their sender's clock look slow: of so many the one that came soonest counts. */
export const WORDS = 5
/** So long what a node said of its clock holds while it is silent: it is the machine's, and goes on while an agent starts anew. */
export const WALL_KEPT_MS = 60_000

interface Heard {
  readonly at: Instant
  readonly walls: readonly number[]
}
/** What a peer's wall clock is ahead of this node's clock that only goes forward, so that setting this one's makes no difference; the last ones. */
export function wallsHeard(now: Instant, before: Heard | null, wall: number | undefined): readonly number[] {
  if (wall === undefined) return []
  const known = before && between(before.at, now) < WALL_KEPT_MS ? before.walls : []
  return [...known, wall - now].slice(-WORDS)
}
