/** What is known of the lease process: connected or not, and its last word. */
import { type GroupStatus, type LeaseStatus } from '@lvsm/protocol'
import { between, type Instant } from '@lvsm/base'
import { holds } from './ownership.ts'
import type { NodeState } from './state.ts'

/** It speaks several times a second; one that is silent this long is frozen. */
const SILENT_MS = 3000
/** What came meanwhile has been read by then. */
const READING_MS = 500

const isSilent = ({ lease, now }: NodeState): boolean => between(lease.heardAt, now) >= SILENT_MS

/** Null when it is not connected, frozen, or has not spoken yet. */
export const leaseStatus = (state: NodeState): LeaseStatus | null =>
  state.lease.connected && !isSilent(state) ? state.lease.status : null

/** Why nothing is known here that it alone says. */
export const noLease = (node: string): string => `the lease process of ${node} does not answer`

/** At the begin of every step: a process that stood still itself reads what was said meanwhile before it calls anybody silent. */
export function noteSilence(state: NodeState): NodeState {
  const { lease, now } = state
  lease.silentAt = isSilent(state) ? (lease.silentAt ?? now) : null
  return state
}

/** Why it cannot be relied on; null when it can, or when this process has not had the time to hear it. */
export const leaseFault = ({ lease, now }: NodeState): string | null => {
  if (!lease.connected) return lease.reason
  return lease.silentAt !== null && between(lease.silentAt, now) >= READING_MS ? 'it is connected, but silent' : null
}

export const ownership = (state: NodeState, group: string): GroupStatus | undefined =>
  leaseStatus(state)?.groups.find((entry) => entry.name === group)

/** Groups whose addresses are on this node, or may be. */
export const heldGroups = (state: NodeState): ReadonlySet<string> =>
  new Set((leaseStatus(state)?.groups ?? []).filter(holds).map((group) => group.name))

export function leaseUp({ lease }: NodeState, now: Instant): void {
  lease.connected = true
  lease.upAt = now
  lease.heardAt = now
  lease.silentAt = null
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
  lease.silentAt = null
  return changed
}

const roles = (status: LeaseStatus | null): string =>
  JSON.stringify(status?.groups.map((group) => [group.role, group.owner]))
