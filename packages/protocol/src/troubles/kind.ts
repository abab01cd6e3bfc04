/** One kind of trouble, as the table has it. */
import type { Severity } from '@lvsm/base'

export interface TroubleKind {
  /** The worst that it is. */
  readonly severity: Severity
  /** What it is about. */
  readonly object: string
  /** As it is said, with what varies in capitals. */
  readonly says: string
  /** The consequence that matters most. */
  readonly means: string
  /** What to do. */
  readonly next: string
  /** What of the cluster it costs at once; not there: nothing that its node, or the head of a status, would answer for. */
  readonly costs?: Cost
}
/**
 * `serving`: its node does not forward, or does not answer, as it should; `quality`: it does, and some of it is late, or fails now and
 * then; `part`: its node takes no part in who owns what; `redundancy`: all is served, and one more fault may end that, which is degraded.
 */
export type Cost = 'serving' | 'quality' | 'part' | 'redundancy'

export const kind = (severity: Severity, object: string, says: string, means: string, next: string): TroubleKind => ({
  ...{ severity, object, says, means, next },
})

type Columns = Parameters<typeof kind>
export const ofServing = (...columns: Columns): TroubleKind => ({ ...kind(...columns), costs: 'serving' })
export const ofQuality = (...columns: Columns): TroubleKind => ({ ...kind(...columns), costs: 'quality' })
export const ofPart = (...columns: Columns): TroubleKind => ({ ...kind(...columns), costs: 'part' })
export const ofRedundancy = (...columns: Columns): TroubleKind => ({ ...kind(...columns), costs: 'redundancy' })

/** Of these a node says that it is troubled itself. What this version does not know may be one. */
export const isOfNode = (found: TroubleKind | null): boolean =>
  found === null || found.costs === 'serving' || found.costs === 'quality' || found.costs === 'part'
