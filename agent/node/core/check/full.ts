/**
 * Realservers with as many connections as they may have: the kernel gives them no new ones, and goes on only when enough are over
 * (ip_vs_bind_dest and ip_vs_unbind_dest in net/netfilter/ipvs/ip_vs_conn.c).
 */
import type { Trouble } from '@lvsm/base'
import { type ConfigRealserver, type ConfigService, destKey } from '@lvsm/model'
import { type Observed, observedService } from '@lvsm/plan'
import { changeText } from '../changing.ts'
import { memberId } from './initial.ts'
import type { NodeState } from '../state.ts'

/** Without a lower threshold it is three quarters of the upper one. */
const endsAt = ({ upper = 0, lower }: ConfigRealserver): number => lower ?? (upper * 3) / 4

/** After each look at the table. */
export function noteFull(state: NodeState, observed: Observed): void {
  const { checks, view } = state
  const before = checks.full
  const full = new Set<string>()
  for (const service of view?.services ?? []) {
    const limited = service.realservers.filter(({ upper }) => upper !== undefined)
    const table = limited.length > 0 ? observedService(observed, service) : undefined
    for (const realserver of limited) {
      const key = destKey(realserver)
      const dest = table?.dests.find((one) => destKey(one) === key)
      const id = memberId(service.name, key)
      const count = dest ? dest.active + dest.inactive : 0
      if (count >= (realserver.upper ?? 0) || (before.has(id) && count >= endsAt(realserver))) full.add(id)
    }
  }
  checks.full = full
}

export const isFull = ({ checks }: NodeState, { name }: ConfigService, key: string): boolean =>
  checks.full.has(memberId(name, key))

/** Of services where everybody who would take new connections is full. */
export const fullTroubles = (state: NodeState): Trouble[] =>
  (state.checks.full.size === 0 ? [] : (state.view?.services ?? [])).flatMap((service): Trouble[] => {
    const taking = state.checks.pools.get(service.name)?.taking ?? new Set<string>()
    const those = service.realservers.filter((one) => taking.has(destKey(one)))
    if (those.length === 0 || !those.every((one) => isFull(state, service, destKey(one)))) return []
    const each = those.map(({ node, upper }) => `${node} (at most ${upper})`).join(', ')
    const [first] = those
    return [
      {
        ...{ code: 'pool-full', severity: 'critical', object: `service ${service.name}` },
        message: `service ${service.name} refuses new clients: all its realservers have as many connections as they may: ${each}`,
        hint: `more realservers, or more connections for each: ${changeText(state, `lvsm server set ${first?.node ?? 'NAME'} service=${service.name} upper-threshold=N`, `upper-threshold in ${service.name}`)}; who has them: lvsm connections --service ${service.name}`,
      },
    ]
  })
