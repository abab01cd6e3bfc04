/**
 * Weights that are not what the configuration says: those that a program or an agent on the realserver says, and those of realservers that
 * have just come back.
 */
import { between } from '@lvsm/base'
import { ofAgent, rampedWeight } from '@lvsm/health'
import { destKey } from '@lvsm/model'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'
import { membersOf } from './members.ts'

/** By the last answer. Who has weight 0 by the configuration keeps it: an operator wants that. */
export function saidWeight({ realserver: { weight }, last, agentSaid, service }: Member): number {
  if (weight === 0) return 0
  if (service.check.type === 'agent') return Math.ceil((weight * ofAgent(agentSaid).percent) / 100)
  return last?.found.weight ?? weight
}

/** Service → key of a destination → its weight; who is not there has that of the configuration. */
export function weightsOf(state: NodeState): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const found = new Map<string, ReadonlyMap<string, number>>()
  for (const service of state.view?.services ?? []) {
    const { slowStartMs } = service.check.pacing
    const serving = state.checks.pools.get(service.name)?.serving
    if (!serving) continue
    const members = membersOf(state, service).filter(([key]) => serving.has(key))
    const isGrowing = ({ backSince }: Member): boolean => backSince !== null && state.now < backSince + slowStartMs
    // Where nobody else takes the load, all of it comes at once.
    const alone = members.every(([, member]) => isGrowing(member) || saidWeight(member) === 0)
    const weights = members.flatMap(([, member]): [string, number][] => {
      const { backSince, realserver } = member
      const sinceMs = backSince === null || alone ? null : between(backSince, state.now)
      const weight = rampedWeight(saidWeight(member), sinceMs, slowStartMs)
      return weight === realserver.weight ? [] : [[destKey(realserver), weight]]
    })
    if (weights.length > 0) found.set(service.name, new Map(weights))
  }
  return found
}
