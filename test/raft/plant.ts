/** What a test plants: mistakes in the core's rules and settings, or between the core and what surrounds it. */
import type { Effect, Input, Rules, Settings, Stored } from '@lvsm/raft'

export interface Plant {
  readonly rules?: Partial<Rules>
  readonly settings?: Partial<Settings>
  /** Changes what the core is told; null: it is not told. */
  readonly input?: (input: Input) => Input | null
  /** Changes what becomes of an effect. */
  readonly effect?: (effect: Effect) => Effect
  /** What a start finds in its database. */
  readonly stored?: (stored: Stored) => Stored
}
export const HONEST: Plant = {}
