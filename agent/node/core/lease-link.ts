/** The connection to the lease process, and what it said of itself. */
import { type Instant, NEVER_BEFORE } from '@lvsm/base'
import type { LeaseStatus } from '@lvsm/protocol'

export interface LeaseLink {
  connected: boolean
  status: LeaseStatus | null
  heardAt: Instant
  /** Connected since. */
  upAt: Instant
  /** The first step at which it was silent by the clock; null: it is not. */
  silentAt: Instant | null
  /** Why it is not connected. */
  reason: string
  /** Incarnation of the start to which the coordinators confirmed the epoch; empty: none. */
  confirmed: string
  /** The epoch that it acted on last; 0: not known. */
  acts: number
}
export const newLeaseLink = (): LeaseLink => ({
  connected: false,
  status: null,
  heardAt: NEVER_BEFORE,
  upAt: NEVER_BEFORE,
  silentAt: null,
  reason: 'not connected yet',
  confirmed: '',
  acts: 0,
})
