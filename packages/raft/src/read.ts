/**
 * Linearizable reads by read-index (dissertation, 6.4): the commit index of a leader that a majority still follows after the
 * read came. No clock is trusted, so that drift and pauses make nothing stale.
 *
 * Laws: none before an entry of this term is committed; only answers to heartbeats that left after the read prove anything;
 * while leadership is being handed over, reads wait.
 */
import { sendHeartbeats } from './heartbeat.ts'
import { NOT_LEADER, refuseRead } from './outcomes.ts'
import { isAlone, isMajorityOf, type Leadership, type RaftState } from './state.ts'

export function onRead(state: RaftState, id: string): void {
  const { leadership } = state
  if (leadership) leadership.waiting.push(id)
  else refuseRead(state, id, NOT_LEADER)
}

export function isSettled({ commitIndex, rules }: RaftState, { firstIndex }: Leadership): boolean {
  return rules.isSettled(commitIndex, firstIndex)
}

/** Reads that came while a round was under way share the next one. */
export function advanceReads(state: RaftState, leadership: Leadership): void {
  const { asked } = leadership
  if (asked && isMajorityOf(state, (id) => id === state.id || (leadership.peers.get(id)?.round ?? 0) >= asked.round)) {
    leadership.asked = null
    for (const id of asked.ids) state.confirmed.push({ id, index: asked.index })
  }
  const { waiting, transfer } = leadership
  if (leadership.asked || waiting.length === 0 || transfer || !isSettled(state, leadership)) return
  leadership.waiting = []
  const round = state.rules.roundOf(leadership.round)
  leadership.round = Math.max(leadership.round, round)
  leadership.asked = { ids: waiting, index: state.commitIndex, round }
  sendHeartbeats(state, leadership)
  if (isAlone(state)) advanceReads(state, leadership)
}
