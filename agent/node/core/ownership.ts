/** What the lease process says, as far as this room reads it: the shape of `LeaseStatus` and `LeaseEvent` (packages/lease). */

import type { Trouble } from '@lvsm/base'

export interface GroupOwnership {
  readonly name: string
  readonly role: 'owner' | 'taking' | 'releasing' | 'candidate' | 'standby' | 'none'
  readonly owner: string | null
  readonly number: number
  readonly leftMs: number
  readonly reason: string
}
/** Its addresses are on this node, or may be. */
export const holds = ({ role }: GroupOwnership): boolean =>
  role === 'owner' || role === 'taking' || role === 'releasing'
export interface PeerLife {
  readonly name: string
  readonly life: 'alive' | 'late' | 'dead' | 'unknown'
  /** −1: never heard. */
  readonly silentMs: number
  readonly standby: boolean
}
export interface OwnershipStatus {
  readonly node: string
  readonly quarantineMs: number
  readonly standby: boolean
  readonly quorum: boolean
  readonly groups: readonly GroupOwnership[]
  readonly peers: readonly PeerLife[]
  readonly troubles: readonly Trouble[]
  readonly counters: Readonly<Record<string, number>>
}
export interface OwnershipEvent {
  readonly group: string
  readonly kind: string
  readonly number: number
  readonly reason: string
}
