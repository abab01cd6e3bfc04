/** Whether the history has what the lease process tells again. */
import { between, type Instant } from '@lvsm/base'
import { cut, LONGEST_REASON, type LeaseEvent } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { LONGEST_HISTORY } from './ring.ts'

/** Two of one kind and reason, and without the number of a lease, that are one. Milliseconds. */
const ONE_MS = 2000

/** Also true where it is older than all that there is room for. */
export function isKnown(state: NodeState, { group, kind, number, reason }: LeaseEvent, happenedAt: Instant): boolean {
  const { entries } = state.history
  const own = entries.filter(({ event }) => event.node === state.node)
  const isOlder = own.every((entry) => happenedAt < entry.happenedAt)
  if (entries.length >= LONGEST_HISTORY && isOlder) return true
  return own.some(
    ({ event, happenedAt: at }) =>
      event.group === group &&
      event.kind === kind &&
      event.number === number &&
      event.reason === cut(reason, LONGEST_REASON) &&
      (number > 0 || Math.abs(between(at, happenedAt)) < ONE_MS),
  )
}
