/** What a test plants: mistakes in the rules and settings of Raft's core, or between the cores and what surrounds them. */
import type { Effect, Input, Rules, Settings, Stored } from '@lvsm/raft'
import type { Core } from '../../coordinator/core/core.ts'
import type { Result } from './register.ts'

export interface Plant {
  readonly rules?: Partial<Rules>
  readonly settings?: Partial<Settings>
  /** Changes what the core is told; null: it is not told. */
  readonly input?: (input: Input) => Input | null
  /** Changes what becomes of an effect. */
  readonly effect?: (effect: Effect) => Effect
  /** Puts something between a coordinator's core and its surroundings. */
  readonly core?: (core: Core<Result>) => Core<Result>
  /** What a start finds in its database. */
  readonly stored?: (stored: Stored) => Stored
}
export const HONEST: Plant = {}
