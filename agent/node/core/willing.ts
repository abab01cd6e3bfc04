/** What this node says of groups that it could take: its kernel is prepared for them, and its lease process would stand for them. */
import { ownership } from './lease.ts'
import type { NodeState } from './state.ts'

/** Group → why this node could not take it now; empty text: it could. The lease process itself is told of the kernel alone. */
export const readyHere = (state: NodeState): ReadonlyMap<string, string> =>
  new Map([...state.published.ready].map(([group, why]) => [group, why === '' ? unwillingFor(state, group) : why]))

/** Empty: it is willing, owns the group, or is of an older version. */
const unwillingFor = (state: NodeState, group: string): string => ownership(state, group)?.unwilling ?? ''
