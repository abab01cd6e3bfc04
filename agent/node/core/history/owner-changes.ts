/** Groups that are taken again and again without an order: each time for a reason of its own, and together a sign that something is not well. */
import { after, between, type Instant, NEVER_BEFORE, pastOf, type Trouble } from '@lvsm/base'
import type { LeaseEvent, LeaseStatus } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import type { Takings } from './ring.ts'

const OFTEN = { withinMs: 60_000, times: 3 } as const
/** An offer is answered, and the lease taken, well within this. Milliseconds. */
const MOVED_MS = 10_000
const MOST_KEPT = 100

const NONE: Takings = { last: null, times: [], offeredAt: NEVER_BEFORE }

function change(state: NodeState, group: string, to: (before: Takings) => Partial<Takings>): void {
  const groups = new Set(state.config?.groups.map(({ name }) => name))
  for (const name of state.history.takings.keys()) if (!groups.has(name)) state.history.takings.delete(name)
  if (!groups.has(group)) return
  const before = state.history.takings.get(group) ?? NONE
  state.history.takings.set(group, { ...before, ...to(before) })
}
const taken = ({ times }: Takings, now: Instant): Pick<Takings, 'times'> => ({
  times: [...times, now].slice(-MOST_KEPT),
})

/** Of the own lease process. The first one of all changes no owner. */
export function noteTaking(state: NodeState, { group, kind, planned, unordered, number }: LeaseEvent): void {
  if (kind === 'offered' && unordered !== true) change(state, group, () => ({ offeredAt: state.now }))
  if (kind !== 'took') return
  const last = { owner: state.node, number }
  change(state, group, (before) => {
    // It opened its fence again, under the lease that it had kept.
    const isHeld = before.last?.owner === state.node && before.last.number === number
    return { last, ...(before.last && !isHeld && !planned ? taken(before, state.now) : {}) }
  })
}

/** Another director took what this node held; of those between others nobody here knows whether they were ordered. */
export function noteOwners(state: NodeState, { groups }: LeaseStatus): void {
  for (const { name, owner, number } of groups) {
    const { last, offeredAt } = state.history.takings.get(name) ?? NONE
    if (owner === null || (last && number <= last.number)) continue
    const isTaken = last?.owner === state.node && owner !== state.node && state.now >= after(offeredAt, MOVED_MS)
    change(state, name, (before) => ({ last: { owner, number }, ...(isTaken ? taken(before, state.now) : {}) }))
  }
}

export const takingTroubles = ({ history, now, config }: NodeState): Trouble[] =>
  [...history.takings].flatMap(([group, { times }]): Trouble[] => {
    const lately = times.filter((at) => between(at, now) < OFTEN.withinMs)
    if (lately.length < OFTEN.times || !config?.groups.some(({ name }) => name === group)) return []
    return [
      {
        ...{ code: 'owner-changes-often', severity: 'warning', object: `group ${group}` },
        message: `${group} was taken ${lately.length} times within the last minute, and nobody ordered it`,
        ...pastOf(lately, now),
        hint: `lvsm events says why each time; look for loss on the heartbeat links (ip -s link show), a machine that stands still, and directors that start again and again (journalctl -u lvsm-lease)`,
      },
    ]
  })
