/** Who could take a group over from its owner, here, and what would make somebody able to. */
import { type ConfigGroup, suggest } from '@lvsm/model'
import { isShut, type Outcome, shutText } from '@lvsm/protocol'
import { refuse } from '../command/reply.ts'
import { saidOtherwise } from '../disagreement.ts'
import { leaseStatus } from '../lease.ts'
import { readyOf, stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { isShutAt, whyNotByOrder } from '../willing.ts'

/** The director asked for, or the first of the group's preference order that could take it now. */
export function chooseSuccessor(
  state: NodeState,
  group: ConfigGroup,
  to: string | undefined,
): { readonly to: string } | Outcome {
  const others = group.directors.filter((name) => name !== state.node)
  if (to !== undefined && !others.includes(to)) {
    const message = `"${to}" is no director of group ${group.name}`
    return refuse('conflict', 'not-a-director', message, suggest(to, group.directors, 'directors'))
  }
  const faults = (to === undefined ? others : [to]).map((name) => [name, unable(state, group.name, name)] as const)
  const able = faults.find(([, fault]) => fault === null)
  if (able) return { to: able[0] }
  const why = faults.map(([name, fault]) => `${name}: ${fault}`).join('; ')
  const message =
    faults.length > 0 ? `no director can take ${group.name} now (${why})` : `group ${group.name} has no other director`
  return refuse('conflict', 'no-successor', message, nextOf(faults))
}

/** What would make one of them able. */
function nextOf(faults: readonly (readonly [node: string, fault: string | null])[]): string {
  const having = (is: (fault: string) => boolean) => faults.flatMap(([name, fault]) => (is(fault ?? '') ? [name] : []))
  const resting = having((fault) => fault === ON_STANDBY).map((name) => `lvsm standby off ${name}`)
  if (resting.length > 0) return `end its maintenance first: ${resting.join('; or ')}`
  const shut = having((fault) => isShut(fault.replace(/^it /, ''))).map((name) => `lvsm explain node ${name}`)
  if (shut.length > 0) return `take that rule away there first: ${shut.join('; or ')}`
  const isDown = (fault: string) => fault.startsWith('it is ') || fault === UNHEARD || fault === SILENT
  return having((fault) => !isDown(fault)).length > 0
    ? 'mend that first; see lvsm status'
    : 'bring one up first; see lvsm status'
}

const ON_STANDBY = 'it is under maintenance'
const UNHEARD = 'never heard'
const SILENT = 'its agent is silent'

function unable(state: NodeState, group: string, name: string): string | null {
  const peer = leaseStatus(state)?.peers.find((entry) => entry.name === name)
  if (!peer || peer.life !== 'alive') return peer ? `it is ${peer.life}` : UNHEARD
  if (peer.standby) return ON_STANDBY
  if (!stateOf(state, name)) return SILENT
  const other = saidOtherwise(state, name)
  if (other.length > 0) return `it has other ${other.join(', ')} in its configuration than ${state.node}`
  const why = readyOf(state, name, group)
  if (why !== '') return why ?? 'it did not say whether it could take the group'
  const worse = whyNotByOrder(state, name, group) ?? shutOnlyAt(state, name, group)
  return worse === null ? null : `it ${worse}`
}

/** It compares with what this node said of itself last; since then this node may let clients through again. */
function shutOnlyAt(state: NodeState, node: string, group: string): string | null {
  const services = state.config?.services.filter((one) => one.group === group) ?? []
  const worse = services.find(({ name }) => isShutAt(state, node, name) && !isShutAt(state, state.node, name))
  return worse ? shutText(worse.name, 'a rule of its packet filter') : null
}
