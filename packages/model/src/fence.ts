/** The kernel's fence of one node, as `GET /v1/fence` tells it: read from nf_tables at that moment. Milliseconds. */
import type { Trouble } from '@lvsm/base'

/** nf_tables family of a table; `arp` and `netdev` guard what a node announces, `inet` what it serves. */
export type FenceFamily = 'arp' | 'netdev' | 'inet'
export type FencePartName = 'announce' | 'serve'

/** The element of a group in one table: while it lives, the group's addresses pass there. */
export interface FenceElementReport {
  readonly part: FencePartName
  readonly family: FenceFamily
  readonly open: boolean
  /** Until the kernel closes it by itself; 0 when it is closed. */
  readonly leftMs: number
  /** As it was renewed last; 0 when it is closed. */
  readonly timeoutMs: number
  /** Packets (ARP: frames) of the group's addresses that this table dropped since it was built, in all of its hooks. */
  readonly droppedPackets: number
  readonly droppedBytes: number
}
export interface FenceGroupReport {
  readonly name: string
  /** Does this node direct it, by its configuration? */
  readonly directed: boolean
  /** Addresses that lead to the group's chain, by any of the tables. */
  readonly addresses: readonly string[]
  readonly elements: readonly FenceElementReport[]
}
export interface FenceTableReport {
  readonly part: FencePartName
  readonly family: FenceFamily
  readonly present: boolean
  /** Names of its base chains. */
  readonly hooks: readonly string[]
}
export interface FenceReport {
  readonly cluster: string
  readonly node: string
  /** Groups that this node directs, by its configuration; a node without any has no fence. */
  readonly directs: readonly string[]
  /** Why the lease process, which renews the elements, does not answer; null when it does. */
  readonly leaseFault: string | null
  readonly tables: readonly FenceTableReport[]
  readonly groups: readonly FenceGroupReport[]
  /** What is missing, each with the next step. */
  readonly faults: readonly Trouble[]
}
