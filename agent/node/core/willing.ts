/** What this node says of groups that it could take: its kernel is prepared for them, and its lease process would stand for them. */
import { noneKnown } from '@lvsm/changes'
import type { StateMessage } from '@lvsm/protocol'
import { ownership } from './lease.ts'
import { stateOf } from './peers.ts'
import type { NodeState } from './state.ts'

/** Group → why this node could not take it now; empty text: it could. The lease process itself is told of the kernel alone. */
export const readyHere = (state: NodeState): ReadonlyMap<string, string> =>
  new Map([...state.published.ready].map(([group, why]) => [group, why === '' ? unwillingFor(state, group) : why]))

/** Empty: it is willing, owns the group, or is of an older version. */
const unwillingFor = (state: NodeState, group: string): string => ownership(state, group)?.unwilling ?? ''

/** A message has room for so many; of the others the lease process alone keeps them from being moved here. */
const MOST_DARK = 16
/** Group → a service in it of which this node knows no realserver. */
export const darkHere = ({ published }: NodeState): Pick<StateMessage, 'dark'> =>
  published.dark.size === 0 ? {} : { dark: Object.fromEntries([...published.dark].slice(0, MOST_DARK)) }

/** Why a node takes a group by no order from an owner who serves, although it takes it when nobody does; null: it would. */
export function whyNotByOrder(state: NodeState, node: string, group: string): string | null {
  const { dark = {} } = (node === state.node ? darkHere(state) : stateOf(state, node)) ?? {}
  const service = Object.hasOwn(dark, group) ? dark[group] : undefined
  return service === undefined ? null : noneKnown(service)
}
