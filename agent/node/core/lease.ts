/** What is known of the lease process: connected or not, and its last word. */
import { type GroupStatus, type LeaseStatus } from '@lvsm/protocol'
import { between, type Instant } from '@lvsm/base'
import { holds } from './ownership.ts'
import type { NodeState } from './state.ts'

/** It speaks several times a second; one that is silent this long is frozen. */
const SILENT_MS = 3000

const isSilent = ({ lease, now }: NodeState): boolean => between(lease.heardAt, now) >= SILENT_MS

/** Null when it is not connected, frozen, or has not spoken yet. */
export const leaseStatus = (state: NodeState): LeaseStatus | null =>
  state.lease.connected && !isSilent(state) ? state.lease.status : null

/** Why it cannot be relied on; null when it can. */
export const leaseFault = (state: NodeState): string | null =>
  !state.lease.connected ? state.lease.reason : isSilent(state) ? 'it is connected, but silent' : null

export const ownership = (state: NodeState, group: string): GroupStatus | undefined =>
  leaseStatus(state)?.groups.find((entry) => entry.name === group)

/** Groups whose addresses are on this node, or may be. */
export const heldGroups = (state: NodeState): ReadonlySet<string> =>
  new Set((leaseStatus(state)?.groups ?? []).filter(holds).map((group) => group.name))

export function leaseUp({ lease }: NodeState, now: Instant): void {
  lease.connected = true
  lease.heardAt = now
}
/** True when it was connected before. */
export function leaseDown({ lease }: NodeState, reason: string): boolean {
  const was = lease.connected
  lease.connected = false
  lease.status = null
  lease.reason = reason
  return was
}
/** True when a role or an owner changed. */
export function leaseSpoke({ lease, now }: NodeState, status: LeaseStatus): boolean {
  const changed = roles(lease.status) !== roles(status)
  lease.status = status
  lease.heardAt = now
  return changed
}

const roles = (status: LeaseStatus | null): string =>
  JSON.stringify(status?.groups.map((group) => [group.role, group.owner]))
