/** What a test plants: mistakes in the product's rules, in its surroundings, or between its pump and its ports. */
import type { explain } from '../../packages/cli/src/explain/explain.ts'
import { type DurableState, type RecordedReport, type Status, type Verdict } from '@lvsm/protocol'
import type { Instant, Random } from '@lvsm/base'
import type { Rules } from '@lvsm/lease'
import type { NodeCore } from '../../agent/node/core/index.ts'
import type { PumpPorts } from '../../agent/lease/pump.ts'
import type { AgentOptions } from '../kit/agent-process.ts'
import type { CommitRules } from './epochs/committee.ts'
import type { TableMistakes } from '../kit/tables.ts'

/** A process start as a mistake sees it. */
export interface Birth {
  readonly node: string
  readonly incarnation: string
  /** Milliseconds of one lease, by the configuration that the node has. */
  readonly leaseMs: number
}
/** Planted into one process start, with a memory of its own. */
export interface Implant {
  readonly rules?: Partial<Rules>
  readonly wrap?: (ports: PumpPorts) => PumpPorts
  readonly random?: Random
}
export interface Plant {
  readonly rules?: Partial<Rules>
  readonly tables?: TableMistakes
  /** Into each start of a node's agent: between the driver and the core. */
  readonly agent?: (node: string) => AgentOptions['wrap']
  /** What a status comes to. */
  readonly judges?: (status: Status) => Verdict
  /** What is said of one group, service or node. */
  readonly explains?: typeof explain
  /** What an agent answers about a moment so long ago. */
  readonly recalls?: (core: NodeCore, now: Instant, agoMs: number) => RecordedReport
  readonly sweepsNothing?: boolean
  readonly clearsUnseen?: boolean
  readonly implant?: (birth: Birth) => Implant
  /** What coordinators that change the voters demand before. */
  readonly commits?: Partial<CommitRules>
  /** What a start finds on its disk; null: nothing that can be read. */
  readonly state?: (found: DurableState | null, birth: Birth) => DurableState | null
}
export const HONEST: Plant = {}
