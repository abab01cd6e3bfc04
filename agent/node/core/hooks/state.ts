/** Hooks as this node has them: which ended, which run, which failed. */
import type { Instant } from '@lvsm/base'
import type { KeptHooks } from '@lvsm/protocol'

export type When = 'take' | 'release'
interface Running {
  readonly id: string
  readonly hook: string
  readonly when: When
  readonly number: number
  /** Those that follow. */
  readonly rest: readonly string[]
  readonly until: Instant
}
export interface Hooks {
  /** By group: for which lease the hooks ended last, and which of them. */
  readonly done: Map<string, { readonly when: When; readonly number: number }>
  /** By group: what is under way, and which hooks of it began. Without one that runs: another life of this agent began it. */
  readonly begun: Map<string, { readonly when: When; readonly number: number; readonly hooks: readonly string[] }>
  readonly running: Map<string, Running>
  /** By `group hook`. */
  readonly failed: Map<string, string>
  kept: string
  serial: number
}
export const newHooks = (kept: KeptHooks | null): Hooks => ({
  done: new Map(Object.entries(kept?.done ?? {})),
  begun: new Map(Object.entries(kept?.begun ?? {})),
  running: new Map(),
  failed: new Map(),
  kept: '',
  serial: 0,
})
