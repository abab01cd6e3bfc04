/** What is known of the lease process: connected or not, and its last word. */
import { between, type Instant, NEVER_BEFORE } from '@lvsm/base'
import type { OwnershipStatus } from './ownership.ts'

/** It speaks several times a second; one that is silent this long is frozen. */
const SILENT_MS = 3000

export interface LeaseLink {
  up(now: Instant): void
  /** True when it was connected before. */
  down(reason: string): boolean
  /** True when a role or an owner changed. */
  heard(status: OwnershipStatus, now: Instant): boolean
  connected(): boolean
  /** Null when it is not connected, frozen, or has not spoken yet. */
  status(now: Instant): OwnershipStatus | null
  /** Why it cannot be relied on; null when it can. */
  fault(now: Instant): string | null
}

const roles = (status: OwnershipStatus | null): string =>
  JSON.stringify(status?.groups.map((group) => [group.role, group.owner]))

export function createLeaseLink(): LeaseLink {
  let connected = false
  let last: OwnershipStatus | null = null
  let at = NEVER_BEFORE
  let reason = 'not connected yet'
  const silent = (now: Instant): boolean => between(at, now) >= SILENT_MS
  return {
    up(now) {
      connected = true
      at = now
    },
    down(why) {
      const was = connected
      connected = false
      last = null
      reason = why
      return was
    },
    heard(status, now) {
      const changed = roles(last) !== roles(status)
      last = status
      at = now
      return changed
    },
    connected: () => connected,
    status: (now) => (connected && !silent(now) ? last : null),
    fault: (now) => (!connected ? reason : silent(now) ? 'it is connected, but silent' : null),
  }
}
