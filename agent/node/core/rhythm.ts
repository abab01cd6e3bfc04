import { type Instant, NEVER_BEFORE } from '@lvsm/base'

/** When to look at the kernel, and when to speak (`observe/look.ts`, `publish/publish.ts`). */
export interface Rhythm {
  lookAt: Instant
  lookedAt: Instant
  looking: boolean
  publishAt: Instant
  /** To the coordinators, at the latest. */
  reportAt: Instant
  publishedAt: Instant
  /** No earlier than so long after that: the others are to have time for what was said. */
  restMs: number
}

/** Datagrams of agents that a node sends in a second, to all others together. */
export const DATAGRAMS_PER_SECOND = 100
/** Milliseconds in which a node may send so many messages to each of so many others. */
export const speakingMs = (messages: number, peers: number): number => (1000 * messages * peers) / DATAGRAMS_PER_SECOND

/** At the start all is due. */
export const newRhythm = (at: Instant): Rhythm => ({
  lookAt: at,
  lookedAt: NEVER_BEFORE,
  looking: false,
  publishAt: at,
  reportAt: at,
  publishedAt: NEVER_BEFORE,
  restMs: 0,
})
