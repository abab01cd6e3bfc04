/** What a test plants: mistakes in the rules and settings of Raft's core, or between the cores and what surrounds them. */
import type { Effect, Input, Rules, Settings, Stored } from '@lvsm/raft'
import type { Arrivals } from '../../coordinator/core/arrivals.ts'
import type { Core } from '../../coordinator/core/core.ts'
import type { Machine, Result } from './register.ts'

export interface Plant {
  readonly rules?: Partial<Rules>
  readonly settings?: Partial<Settings>
  /** Changes what the core is told; null: it is not told. */
  readonly input?: (input: Input) => Input | null
  /** Changes what becomes of an effect. */
  readonly effect?: (effect: Effect) => Effect
  /** Puts something between a coordinator's core and its surroundings. */
  readonly core?: (core: Core<Result>) => Core<Result>
  /** Of each start: what keeps the states that came with snapshots. */
  readonly arrivals?: () => Arrivals<Machine>
  /** What a start finds in its database. */
  readonly stored?: (stored: Stored) => Stored
}
export const HONEST: Plant = {}
