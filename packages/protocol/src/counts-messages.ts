/**
 * Between an agent and its thread that reads what the kernel counts: both are of one process. Answers are text that goes on
 * as it is, so that nothing that is large is looked at by the agent's own loop.
 */
import type { Refusal } from '@lvsm/base'
import type { DelayReport } from './delays.ts'
import type { ConnectionsQuery, MetricsQuery } from './http/counts.ts'
import type { Sample } from './metrics.ts'
import type { Figures } from './node-metrics.ts'

export interface NamedService {
  readonly name: string
  readonly group: string
  /** As the kernel knows it (`serviceKey`). */
  readonly key: string
  /** Of one that the kernel knows by mark: where clients ask. Its connections do not tell the mark. */
  readonly onPorts?: {
    readonly address: string
    readonly protocols: readonly string[]
    /** Both ends belong to a range. */
    readonly ranges: readonly { readonly from: number; readonly to: number }[]
  }
  /** `key`: `destKey`; with port 0 where each port that a client asks for is served. */
  readonly realservers: readonly { readonly node: string; readonly key: string }[]
  /** Directors' own addresses, where checks go through IPVS: connections from there are checks, and no client's. */
  readonly checkedFrom?: readonly string[]
}
/** What of a configuration gives names to what the kernel has. */
export interface Names {
  readonly cluster: string
  readonly node: string
  readonly revision: number
  readonly groups: readonly { readonly name: string; readonly directed: boolean }[]
  /** Of groups that this node directs. */
  readonly services: readonly NamedService[]
}
export type Owners = Readonly<Record<string, string | null>>

export type CountsQuestion =
  | { readonly kind: 'openings' }
  | { readonly kind: 'totals' }
  | { readonly kind: 'drop-rules' }
  | { readonly kind: 'stats'; readonly owners: Owners }
  | { readonly kind: 'connections'; readonly wanted: ConnectionsQuery }
  | {
      readonly kind: 'metrics'
      readonly wanted: MetricsQuery
      /** All but what the kernel counts. */
      readonly samples: readonly Sample[]
      readonly histograms: Readonly<Record<string, DelayReport>>
      readonly health: Figures['health']
      readonly found: Figures['found']
    }
export type CountsJob =
  | { readonly kind: 'names'; readonly names: Names }
  | { readonly kind: 'question'; readonly id: number; readonly question: CountsQuestion }
/** `text`: JSON of the report, or metrics; or refusals. */
export type CountsOutcome =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly refusals: readonly Refusal[] }
export interface CountsAnswer {
  readonly id: number
  readonly outcome: CountsOutcome
}
