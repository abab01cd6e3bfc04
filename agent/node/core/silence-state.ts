/** What directors hear of this one's connections (`sync-silence.ts`). */
import { type Instant, NEVER_BEFORE } from '@lvsm/base'

interface Heard {
  /** As that node told it last, and when it was another figure. */
  readonly count: number
  readonly changedAt: Instant
  /** Established here since then, and since when. */
  rose: number
  since: Instant | null
}
export interface SyncSilence {
  /** By node. */
  readonly peers: Map<string, Heard>
  /** At the last look: group that is owned → destination → established connections. */
  last: ReadonlyMap<string, ReadonlyMap<string, number>>
  lastAt: Instant
}
export const newSyncSilence = (): SyncSilence => ({ peers: new Map(), last: new Map(), lastAt: NEVER_BEFORE })
