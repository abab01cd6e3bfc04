/** What other nodes say of their wall clocks. */
import type { Instant } from '@lvsm/base'

/** Words that come late make their sender's clock look slow: of so many the one that came soonest counts. */
export const WORDS = 5

/** What a peer's wall clock is ahead of this node's clock that only goes forward, so that setting this one's makes no difference; the last ones. */
export const wallsHeard = (now: Instant, before: readonly number[], wall: number | undefined): readonly number[] =>
  wall === undefined ? [] : [...before, wall - now].slice(-WORDS)
