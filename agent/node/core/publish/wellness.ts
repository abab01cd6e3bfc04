/** Is this node well, for load balancers and for people's monitoring: it works, it could serve, it owns. */
import type { NodeState as StateWord, WellFacts } from '@lvsm/protocol'
import { heldGroups, leaseFault, leaseStatus } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { readyHere } from '../willing.ts'
import { agentFacts } from './agent-words.ts'
import type { Saying } from './sentence.ts'

/** Of these a node could serve, or does. */
const READY: ReadonlySet<StateWord> = new Set(['owner', 'standby', 'serving', 'witness', 'idle'])

export function wellnessOf(state: NodeState, { state: what, reason }: Saying): WellFacts {
  const owned = new Set(leaseStatus(state)?.groups.flatMap(({ name, role }) => (role === 'owner' ? [name] : [])))
  const fault = leaseFault(state)
  const agent = agentFacts(state)
  return {
    alive: fault === null ? '' : `lvsm-lease: ${fault}`,
    ready: READY.has(what) ? (unready(state) ?? '') : reason,
    ...(agent === undefined ? {} : { agent }),
    owners: Object.fromEntries(state.config?.groups.map(({ name }) => [name, owned.has(name)]) ?? []),
  }
}

/** A group that it directs, and could not take. */
function unready(state: NodeState): string | null {
  if (leaseStatus(state)?.quorum === false) return 'hears no majority of the voters'
  const held = heldGroups(state)
  for (const [group, why] of readyHere(state)) if (why !== '' && !held.has(group)) return `${group}: ${why}`
  return null
}
