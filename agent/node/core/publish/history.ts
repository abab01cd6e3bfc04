/**
 * What moved when, and why: a ring in memory, of this node and of what others told. The wall clock is only shown: what is
 * told again and what is dropped goes by when this process heard of it.
 */
import { type EventReport, type HistoryEvent } from '@lvsm/protocol'
import { between } from '@lvsm/base'
import type { NodeState } from '../state.ts'

export const LONGEST_HISTORY = 500
/** Own events younger than this are told again with every state: a lost datagram loses none. */
const RETELL_MS = 10_000

const keyOf = ({ at, node, group, kind, number, reason }: HistoryEvent): string =>
  JSON.stringify([at, node, group, kind, number, reason])

export interface Note {
  readonly group: string
  readonly kind: string
  readonly number: number
  readonly reason: string
}

/** Something that happened here. */
export const note = (state: NodeState, { group, kind, number, reason }: Note): void =>
  add(state, { at: state.wall(state.now), node: state.node, group, kind, number, reason })

/** What another node says of itself; what was told before is skipped. */
export function noteTold(state: NodeState, node: string, events: readonly EventReport[]): void {
  for (const { at, group, kind, number, reason } of events) add(state, { at, node, group, kind, number, reason })
}

function add(state: NodeState, event: HistoryEvent): void {
  const key = keyOf(event)
  if (state.known.has(key)) return
  state.known.add(key)
  state.history.push({ event, addedAt: state.now })
  if (state.history.length <= LONGEST_HISTORY) return
  const [oldest] = state.history.splice(0, 1)
  if (oldest) state.known.delete(keyOf(oldest.event))
}

/** For people: in the order of the wall clocks of those who told it. */
export const historyOf = ({ history }: NodeState): readonly HistoryEvent[] =>
  history.map(({ event }) => event).sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))

/** What this node tells of itself now. */
export const toTell = ({ history, node, now }: NodeState): EventReport[] =>
  history
    .filter(({ event, addedAt }) => event.node === node && between(addedAt, now) <= RETELL_MS)
    .map(({ event: { at, group, kind, number, reason } }) => ({ at, group, kind, number, reason }))
