/** What this node said last. */
import type { Instant, Trouble } from '@lvsm/base'
import type { Observed } from '@lvsm/plan'
import type { DestinationReport } from '@lvsm/protocol'
import type { Told } from './tables.ts'

export interface Published {
  /** The ownership view as text; empty: the lease process has none of this process. */
  view: string
  /** Group → why this node could not take it; empty text: it could. */
  ready: Map<string, string>
  /** Group → how many of its ping nodes this node reaches. */
  reaches: Map<string, number>
  /** Group → of how many of its services it can ask no realserver. */
  blind: Map<string, number>
  /** Group → of how many of its services nobody would be served here, or nobody knows: by that lease processes rank those that are ready. */
  poor: Map<string, number>
  /** Group → the first of its services of which no realserver is known, so that it does not take it from an owner who serves. */
  dark: Map<string, string>
  /** Group → by what none of the clients of one of its services would get through here, so that no order moves it here. */
  shut: Map<string, string>
  said: string
  troubles: ReadonlyMap<string, Trouble>
  /** When troubles began that were news lately. */
  readonly begunAt: Map<string, Instant>
  /** By code: lines of the log about troubles, lately. */
  readonly logged: Map<string, { readonly since: Instant; readonly lines: number }>
  /** Destinations of own tables, by `service destination`, as the others were told last. */
  readonly told: Map<string, Told>
  /** Those that got no new connections, or failed their checks: how often they were told since. */
  readonly wasOut: Map<string, number>
  /** As the coordinators were told last; null: since then something changed. */
  tables: Tables | null
}

/** Own tables of services, by a look at the kernel and what was known then. */
export interface Tables {
  readonly observed: Observed | null
  readonly groups: string
  readonly tables: Readonly<Record<string, readonly DestinationReport[]>>
}

export const newPublished = (): Published => ({
  view: '',
  ready: new Map(),
  reaches: new Map(),
  blind: new Map(),
  poor: new Map(),
  dark: new Map(),
  shut: new Map(),
  said: '',
  troubles: new Map(),
  begunAt: new Map(),
  logged: new Map(),
  told: new Map(),
  wasOut: new Map(),
  tables: null,
})
