/** What of an owner's own machine costs its clients something: until it is mended, a director that has not the same could own the group. */
import type { Trouble } from '@lvsm/base'
import { OF_OWNERS } from '@lvsm/protocol'
import { heldGroups } from '../lease.ts'
import { readyOf, stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'

/** With that step, where somebody is ready for it and none is said yet. */
export function untilMended(state: NodeState, all: readonly Trouble[]): readonly Trouble[] {
  const isOfOwner = ({ code, severity, hint = '' }: Trouble): boolean =>
    severity === 'critical' && OF_OWNERS.has(code) && !hint.includes('lvsm switchover')
  if (!all.some(isOfOwner)) return all
  return all.map((one) => (isOfOwner(one) ? { ...one, ...withMove(state, one) } : one))
}

function withMove(state: NodeState, { code, hint }: Trouble): { hint?: string } {
  for (const group of heldGroups(state)) {
    const directors = state.config?.groups.find(({ name }) => name === group)?.directors ?? []
    const to = directors.find(
      (name) => name !== state.node && readyOf(state, name, group) === '' && !tells(state, name, code),
    )
    const move = `until then: lvsm switchover ${group} ${to ?? ''}`
    if (to !== undefined) return { hint: hint === undefined ? move : `${hint}; ${move}` }
  }
  return {}
}
const tells = (state: NodeState, director: string, code: string): boolean =>
  stateOf(state, director)?.troubles?.some((one) => one.code === code && one.pastMs === undefined) === true
