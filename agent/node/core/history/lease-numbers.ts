/** Lease numbers grow by one with each lease; where they do not, there is an event that says so. */
import type { LeaseEvent, LeaseStatus } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { note } from './history.ts'
import { knowNumber } from './ring.ts'

const WHY = 'a voter that starts anew, a new epoch, or votes that went to several nodes make numbers jump'

/** Before the event itself. */
export function noteLeaseEvent(state: NodeState, { group, kind, number }: LeaseEvent): void {
  const { history } = state
  const known = history.numbers.get(group) ?? 0
  if (kind === 'took' && known > 0 && number > known + 1) {
    const reason = `lease ${known} of ${group} is followed by lease ${number}: nobody is known to have held those between; ${WHY}`
    note(state, { group, kind: 'renumbered', number, reason })
  }
  if (kind === 'took') knowNumber(history, group, number)
}

/** An owner that goes on under a higher number tells it; all remember the highest. */
export function noteLeaseNumbers(state: NodeState, before: LeaseStatus | null, { groups }: LeaseStatus): void {
  const { history } = state
  for (const { name, role, owner, number } of groups) {
    if (owner === null) continue
    const was = before?.groups.find((one) => one.name === name)
    const isRaised = role === 'owner' && was?.role === 'owner' && number > was.number
    if (isRaised && number > (history.numbers.get(name) ?? 0)) {
      const reason = `lease ${was.number} of ${name} goes on as lease ${number}, and ${state.node} holds it all the time; ${WHY}`
      note(state, { group: name, kind: 'renumbered', number, reason })
    }
    knowNumber(history, name, number)
  }
}
