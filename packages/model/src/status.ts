/** The HTTP API on the agent's socket, as types. All times in milliseconds unless a name says otherwise. */
import type { Refusal, Trouble } from '@lvsm/base'
import type { Role } from './config.ts'

export type NodeState =
  | 'owner'
  | 'standby'
  | 'serving'
  | 'witness'
  | 'idle'
  | 'starting'
  | 'troubled'
  | 'late'
  | 'dead'
  | 'unknown'
export type GroupState = 'owned' | 'moving' | 'nobody' | 'unknown'

/** A host that an owner of the group must be able to reach, as the group's directors find it. */
export interface PingReport {
  readonly address: string
  /** Null: not known, because the director is silent or has just started. */
  readonly directors: readonly { readonly node: string; readonly reached: boolean | null }[]
}

export interface GroupReport {
  readonly name: string
  readonly owner: string | null
  /** Lease (fencing) number; 0 when nobody owns the group. */
  readonly number: number
  readonly leftMs: number
  readonly addresses: readonly string[]
  readonly directors: readonly string[]
  readonly pings: readonly PingReport[]
  readonly state: GroupState
  /** One sentence. */
  readonly reason: string
}
export interface RealserverReport {
  readonly node: string
  readonly address: string
  readonly port: number
  readonly forward: 'dr' | 'nat'
  /** In the owner's table now; 0 when it is not there, or drains. */
  readonly weight: number
  /** Null before the first check. */
  readonly healthy: boolean | null
  /** Connections as the owner's kernel counts them. */
  readonly active: number
  readonly inactive: number
  readonly reason: string
}
export interface ServiceReport {
  readonly name: string
  readonly group: string
  readonly address: string
  readonly port: number
  readonly protocol: string
  readonly scheduler: string
  readonly realservers: readonly RealserverReport[]
}
export interface NodeReport {
  readonly name: string
  readonly roles: readonly Role[]
  readonly voter: boolean
  readonly state: NodeState
  /** One sentence: what this node does, and why. */
  readonly reason: string
  readonly standby: boolean
  /** Has the node's reconciler been heard lately? */
  readonly agent: boolean
}
export type NodeTrouble = Trouble & { readonly node: string }
export interface Status {
  readonly cluster: string
  /** Who answers. */
  readonly node: string
  readonly revision: number
  readonly quorum: boolean
  readonly groups: readonly GroupReport[]
  readonly services: readonly ServiceReport[]
  readonly nodes: readonly NodeReport[]
  readonly troubles: readonly NodeTrouble[]
  /** Of the answering node's lease process since its start: datagrams dropped, by reason (`drop-mac`, `replay`, …), and the like. */
  readonly counters: Readonly<Record<string, number>>
}

export interface HistoryEvent {
  /** ISO 8601, wall clock of the node that reports: for reading, never for deciding. */
  readonly at: string
  readonly node: string
  /** Empty where the event is about the node itself. */
  readonly group: string
  readonly kind: string
  readonly number: number
  readonly reason: string
}
export interface Events {
  readonly events: readonly HistoryEvent[]
}
export interface SwitchoverReport {
  readonly group: string
  readonly from: string
  readonly to: string
  readonly number: number
  readonly tookMs: number
}
export interface StandbyReport {
  readonly node: string
  readonly standby: boolean
}
export interface Refused {
  readonly refusals: readonly Refusal[]
}
