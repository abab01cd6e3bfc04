/** A REQUEST on its way, and the votes that came back for it. */
import type { Instant } from '@lvsm/base'

export interface Send {
  readonly sequence: number
  /** Read before the datagram left. */
  readonly sent: Instant
  readonly epoch: number
  readonly number: number
  /** Lease duration that was asked for, milliseconds. */
  readonly leaseMs: number
  readonly voters: readonly string[]
  /** Granted milliseconds by voter. */
  readonly grants: Map<string, number>
}
