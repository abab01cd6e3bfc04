/** What this node said last. */
import type { Instant, Trouble } from '@lvsm/base'
import type { Told } from './tables.ts'

export interface Published {
  /** The ownership view as text; empty: the lease process has none of this process. */
  view: string
  /** Group → why this node could not take it; empty text: it could. */
  ready: Map<string, string>
  /** Group → how many of its ping nodes this node reaches. */
  reaches: Map<string, number>
  said: string
  troubles: ReadonlyMap<string, Trouble>
  /** By code: lines of the log about troubles, lately. */
  readonly logged: Map<string, { readonly since: Instant; readonly lines: number }>
  /** Destinations of own tables, by `service destination`, as the others were told last. */
  readonly told: Map<string, Told>
}

export const newPublished = (): Published => ({
  view: '',
  ready: new Map(),
  reaches: new Map(),
  said: '',
  troubles: new Map(),
  logged: new Map(),
  told: new Map(),
})
