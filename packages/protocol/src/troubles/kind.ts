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
}

export const kind = (severity: Severity, object: string, says: string, means: string, next: string): TroubleKind => ({
  ...{ severity, object, says, means, next },
})
