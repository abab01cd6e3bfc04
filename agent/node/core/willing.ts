/** What this node says of groups that it could take: its kernel is prepared for them, and its lease process would stand for them. */
import { notByOrder } from '@lvsm/changes'
import { dropsClientsOf, shutText, type StateMessage } from '@lvsm/protocol'
import { ownership } from './lease.ts'
import { dropRuleTroubles } from './observe/drop-rules.ts'
import { stateOf } from './peers.ts'
import { bytesOf } from './publish/packing.ts'
import type { NodeState } from './state.ts'

/** Group → why this node could not take it now; empty text: it could. The lease process itself is told of the kernel alone. */
export const readyHere = (state: NodeState): ReadonlyMap<string, string> =>
  new Map([...state.published.ready].map(([group, why]) => [group, why === '' ? unwillingFor(state, group) : why]))

/** Empty: it is willing, owns the group, or is of an older version. */
const unwillingFor = (state: NodeState, group: string): string => ownership(state, group)?.unwilling ?? ''

/** Service → by what none of its clients would get through here, where this node owned its group. */
export function shutServices(state: NodeState): ReadonlyMap<string, string> {
  const rules = dropRuleTroubles(state)
  const found = new Map<string, string>()
  if (rules.length === 0) return found
  for (const { name } of state.view?.services ?? []) {
    const rule = rules.find((one) => dropsClientsOf(one, name))
    if (rule) found.set(name, shutText(name, rule.object ?? rule.message))
  }
  return found
}

/** Of that node's services too, where it says so: whoever takes them over from it makes nothing worse. */
export const isShutAt = (state: NodeState, node: string, service: string): boolean =>
  (node === state.node ? [...shutServices(state).keys()] : (stateOf(state, node)?.shutServices ?? [])).includes(service)

/** Bytes of the names: of those without room nobody knows it. */
const ROOM = 300
export function shutHere(state: NodeState): Pick<StateMessage, 'shutServices'> {
  let bytes = 0
  const names = [...shutServices(state).keys()].filter((name) => (bytes += bytesOf(name) + 3) <= ROOM)
  return names.length === 0 ? {} : { shutServices: names }
}

/** A message has room for so many; of the others the lease process alone keeps them from being moved here. */
const MOST_DARK = 16
const first = (groups: ReadonlyMap<string, string>): Record<string, string> =>
  Object.fromEntries([...groups].slice(0, MOST_DARK))
/** Group → a service in it of which this node knows no realserver, and by what it would let no client of one through whom its owner lets through. */
export const unservedHere = ({ published: { dark, shut } }: NodeState): Pick<StateMessage, 'dark' | 'shut'> => ({
  ...(dark.size === 0 ? {} : { dark: first(dark) }),
  ...(shut.size === 0 ? {} : { shut: first(shut) }),
})

/** Group → of how many of its services this node can ask no realserver, or lets no client through: others come before it. */
export const blindHere = ({ published }: NodeState): Readonly<Record<string, number>> =>
  Object.fromEntries([...published.poor].filter(([, services]) => services > 0))
export function blindAt(state: NodeState, node: string, group: string): number {
  const blind = node === state.node ? blindHere(state) : (stateOf(state, node)?.blind ?? {})
  return Object.hasOwn(blind, group) ? (blind[group] ?? 0) : 0
}

/** Why a node takes a group by no order from an owner who serves, although it takes it when nobody does; null: it would. */
export const whyNotByOrder = (state: NodeState, node: string, group: string): string | null =>
  notByOrder((node === state.node ? unservedHere(state) : stateOf(state, node)) ?? {}, group)
