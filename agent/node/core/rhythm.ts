/** When to look at the kernel, and when to speak: at a steady pace, sooner for a reason, never in a burst. */
import { after, earlier, type Instant, later, NEVER_BEFORE } from '@lvsm/base'

const LOOK_MS = 1000
const SHORTEST_LOOK_MS = 20
const TELL_MS = 2000
const SHORTEST_TELL_MS = 200
/** News seldom comes alone, and mostly while there is something better to do. */
const NEWS_MS = 150

/** How soon after what the next look is due, at the latest. */
export const LOOK_IN = {
  /** An event of the kernel: so that a burst is one look. */
  settledMs: 50,
  /** Operations that went well: so that they are seen to stand. */
  verifyMs: 100,
  /** While connections of a moving group drain. */
  drainingMs: 100,
  /** A change of hands: the table is warm, and the processor belongs to the move. */
  movedMs: 250,
} as const

export interface Rhythm {
  /** Look again within so many milliseconds. */
  look(now: Instant, withinMs?: number): void
  /** Is it time to look? Then a look is under way until `looked`. */
  takeLook(now: Instant): boolean
  looked(now: Instant): void
  /** There is news: speak soon. */
  news(now: Instant): void
  /** Is it time to speak? */
  takeTell(now: Instant): boolean
  nextAt(): Instant
}

export function createRhythm(startedAt: Instant): Rhythm {
  let [lookAt, lookedAt, looking] = [startedAt, NEVER_BEFORE, false]
  let [tellAt, toldAt] = [after(startedAt, SHORTEST_TELL_MS), NEVER_BEFORE]
  return {
    look(now, withinMs = 0) {
      const soonest = after(lookedAt, SHORTEST_LOOK_MS)
      const wish = after(now, withinMs)
      lookAt = earlier(lookAt, wish > soonest ? wish : soonest)
    },
    takeLook(now) {
      if (looking || now < lookAt) return false
      looking = true
      return true
    },
    looked(now) {
      looking = false
      lookedAt = now
      lookAt = after(now, LOOK_MS)
    },
    news(now) {
      tellAt = earlier(tellAt, later(after(now, NEWS_MS), after(toldAt, SHORTEST_TELL_MS)))
    },
    takeTell(now) {
      if (now < tellAt) return false
      toldAt = now
      tellAt = after(now, TELL_MS)
      return true
    },
    nextAt: () => (looking ? tellAt : earlier(lookAt, tellAt)),
  }
}
