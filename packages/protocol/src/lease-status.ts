import type { Trouble } from '@lvsm/base'
import type { Delays } from './delays.ts'

/** What the lease process tells its reconciler, several times a second and at every change. */
export type NodeLife = 'alive' | 'late' | 'dead' | 'unknown'
export type GroupRole = 'owner' | 'acquiring' | 'releasing' | 'candidate' | 'standby' | 'none'

export interface GroupStatus {
  readonly name: string
  readonly role: GroupRole
  /** The holder as far as this node knows, by its own lease or by what the holder's heartbeats say; null when nobody. */
  readonly owner: string | null
  /** Lease (fencing) number of that holder; 0 when nobody. */
  readonly number: number
  readonly leftMs: number
  /** One sentence: what this node does about the group, and why. */
  readonly reason: string
  /** Why it would not stand for the group, whatever its kernel is; missing: it would, it owns it, or it is of an older version. */
  readonly unwilling?: string
}
export interface PeerStatus {
  readonly name: string
  readonly life: NodeLife
  /** Since the last authenticated heartbeat; −1 when there was none. */
  readonly silentMs: number
  readonly standby: boolean
  /** Datagrams came lately from an address of it that were not believed: "with a wrong signature". Missing: none. */
  readonly unbelieved?: string
  /** So much of what it sends here is lost, in percent. Missing: little, or it is not known. */
  readonly lostPercent?: number
  /** Its lease process says that its agent is not there, and why. Missing: it is, or nothing is said of it. */
  readonly agentless?: string
  /** What is sent to it lately did not leave: `over inside (10.12.0.12): ENETUNREACH`, several with `; ` between them. Missing: it does, or it is of an older version. */
  readonly unsent?: string
}
export interface LeaseStatus {
  readonly node: string
  readonly incarnation: string
  /** Milliseconds of quarantine that are left; 0 when this voter answers. */
  readonly quarantineMs: number
  readonly standby: boolean
  readonly quorum: boolean
  readonly groups: readonly GroupStatus[]
  readonly peers: readonly PeerStatus[]
  readonly troubles: readonly Trouble[]
  /** Dropped datagrams by reason, and other counters. */
  readonly counters: Readonly<Record<string, number>>
  readonly delays?: Delays
  /**
   * The epoch that it acts on, which is on its disk: it will never lend its vote in a lower one. 0: it has no view. Missing: a
   * lease process of before there were epochs.
   */
  readonly epoch?: number
  /** Somebody acts on this epoch, and this node has not heard of it from its agent: there is a newer view. */
  readonly newerEpoch?: number
  /** Its disk lost which epoch it acted on: it lends no vote before a view that is `confirmed`. */
  readonly epochLost?: boolean
  /** Number of the ring whose pairwise keys it accepts; missing: it has none. */
  readonly ring?: number
}
/** Events that only a director of the group can have. */
export const OWNERSHIP_EVENTS = ['took', 'gave-up', 'lost', 'released', 'offered', 'refused'] as const

/** One line of history: what moved when, why. The group is empty where it is about the node itself. `at` is an Instant of the reporting process. */
export interface LeaseEvent {
  readonly at: number
  readonly group: string
  readonly kind: (typeof OWNERSHIP_EVENTS)[number] | 'note'
  readonly number: number
  readonly reason: string
  /** Of `took`: the owner before had offered it by an order. Missing: it had not, or nothing is said of it. */
  readonly planned?: boolean
  /** Of `offered`: nobody ordered it. Missing: an operator did, or it is of an older version. */
  readonly unordered?: boolean
  /** Counted from 1 in this life of the lease process. Missing: it is of an older version. */
  readonly serial?: number
  /** It was told before, and is told again to who has not heard it. Missing: it is new. */
  readonly again?: boolean
}
