/** Realservers that fail again and again are held out for a while (packages/health, flap). */
import { FLAPPING, isHeld } from '@lvsm/health'
import { earlier, type Instant, type Trouble } from '@lvsm/base'
import { changeText } from '../changing.ts'
import type { Member } from './member.ts'
import { fill } from './members.ts'
import type { NodeState } from '../state.ts'

/** Who was held out long enough serves again. True: somebody did. */
export function endHolds(state: NodeState): boolean {
  const over = heldOf(state).filter(({ flap: { heldUntil } }) => heldUntil === null || heldUntil <= state.now)
  for (const member of over) {
    member.flap = { ...member.flap, heldUntil: null }
    state.checks.held.delete(member.id)
    fill(state, member.service)
  }
  return over.length > 0
}
export function nextHold(state: NodeState): Instant | null {
  const ends = heldOf(state).flatMap(({ flap: { heldUntil } }) => (heldUntil === null ? [] : [heldUntil]))
  return ends.length === 0 ? null : ends.reduce(earlier)
}
/** A few of all, whom each step asks for. */
const heldOf = ({ checks }: NodeState): Member[] => [...checks.held].flatMap((id) => checks.members.get(id) ?? [])

export const flappingTroubles = (state: NodeState): Trouble[] =>
  heldOf(state).flatMap(({ service, realserver, flap }): Trouble[] => {
    if (!isHeld(flap, state.now)) return []
    const name = `${service.name}/${realserver.node}`
    return [
      {
        code: 'flapping',
        severity: 'warning',
        object: `service ${service.name}`,
        message: `realserver ${realserver.node} of service ${service.name} fails again and again, and is held out for a while`,
        evidence: `failed ${flap.falls.length} times within ${FLAPPING.withinMs / 60_000} minutes`,
        hint: `find out why: lvsm check run ${name} --explain, and the log of its server; to hold nobody out: ${changeText(state, `lvsm check set ${service.name} flap-hold=`, `no flap-hold in the check of ${service.name}`)}`,
      },
    ]
  })
