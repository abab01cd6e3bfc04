/** Who leaves, as directors tell each other and their realservers, and as they tell people. */
import { between, listed, type Trouble } from '@lvsm/base'
import { destKey } from '@lvsm/model'
import { observedService } from '@lvsm/plan'
import type { StateMessage } from '@lvsm/protocol'
import { heldGroups } from '../lease.ts'
import { bytesOf } from '../publish/packing.ts'
import type { NodeState } from '../state.ts'
import { leavesAt, type Leaving } from './state.ts'

/** In place of names: more than a message has room for. */
const MANY = '*'
/** Bytes: troubles and failures of checks are in the same message. */
const ROOM = 300

/** As this node tells it: it is a director, and has them in its table. */
export function leavingHere({ leaving, checks }: Pick<NodeState, 'leaving' | 'checks'>): Pick<StateMessage, 'leaving'> {
  const ids = [...leaving.keys()].filter((id) => checks.members.has(id))
  if (ids.length === 0) return {}
  return { leaving: bytesOf(JSON.stringify(ids)) > ROOM ? [MANY] : ids }
}
export const hasInTable = ({ leaving = [] }: StateMessage, id: string): boolean =>
  leaving.includes(id) || leaving.includes(MANY)

const MOST_NAMED = 5

/** The owner of the group tells how far it is: one trouble of each service. */
export function leavingTroubles(state: NodeState): Trouble[] {
  if (state.leaving.size === 0) return []
  const held = heldGroups(state)
  return (state.view?.services ?? []).flatMap((service): Trouble[] => {
    const those = [...state.leaving.values()].filter((one) => one.service === service.name)
    if (those.length === 0 || !held.has(service.group)) return []
    const table = state.kernel.observed ? observedService(state.kernel.observed, service) : undefined
    const established = (one: Leaving): number =>
      table?.dests.find((dest) => destKey(dest) === destKey(one.realserver))?.active ?? 0
    const each = those.map(
      (one) =>
        `${one.realserver.node} (${destKey(one.realserver)}): ${established(one)} established, ${Math.max(0, Math.ceil(between(state.now, leavesAt(one)) / 1000))} s left`,
    )
    return [
      {
        ...{ code: 'server-leaving', severity: 'info', object: `service ${service.name}` },
        message: `${listed(each, MOST_NAMED)}: removed from service ${service.name}, no new connections; what is left then is cut off`,
        hint: 'nothing has to be done: it is over when the last of them has ended',
      },
    ]
  })
}
