/**
 * Weights that are not what the configuration says: those that a program or an agent on the realserver says, and those of realservers that
 * have just come back.
 */
import { between } from '@lvsm/base'
import { rampedWeight } from '@lvsm/health'
import type { Member } from './member.ts'
import type { NodeState } from '../state.ts'
import { membersOf } from './members.ts'
import { saidWeight } from './said-weight.ts'

/** Service → key of a destination → its weight; who is not there has that of the configuration. */
export function weightsOf(state: NodeState): ReadonlyMap<string, ReadonlyMap<string, number>> {
  const found = new Map<string, ReadonlyMap<string, number>>()
  for (const service of state.view?.services ?? []) {
    const { slowStartMs } = service.check.pacing
    const pool = state.checks.pools.get(service.name)
    if (!pool) continue
    const members = membersOf(state, service).filter(([key]) => pool.serving.has(key))
    const weightOf = (key: string, member: Member): number =>
      pool.propped.has(key) ? member.realserver.weight : saidWeight(member)
    const isGrowing = ({ backSince }: Member): boolean => backSince !== null && state.now < backSince + slowStartMs
    // Where nobody else takes the load, all of it comes at once.
    const alone = members.every(([key, member]) => isGrowing(member) || weightOf(key, member) === 0)
    const weights = members.flatMap(([key, member]): [string, number][] => {
      const { backSince, realserver } = member
      const sinceMs = backSince === null || alone ? null : between(backSince, state.now)
      const weight = rampedWeight(weightOf(key, member), sinceMs, slowStartMs)
      return weight === realserver.weight ? [] : [[key, weight]]
    })
    if (weights.length > 0) found.set(service.name, new Map(weights))
  }
  return found
}
