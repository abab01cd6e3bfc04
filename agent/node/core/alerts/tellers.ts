/** Which nodes may tell receivers, in the order of the configuration. */
import { isPillar } from '../hearing.ts'
import type { NodeState } from '../state.ts'

export const mayTell = (state: NodeState): string[] =>
  state.config?.nodes.flatMap(({ name }) => (isPillar(state, name) ? [name] : [])) ?? []
