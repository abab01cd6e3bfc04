/** A leader's sign of life, and its own look whether anybody hears it. */
import { after } from '@lvsm/base'
import type { Leadership, RaftState } from './state.ts'
import { isMajorityOf, send } from './state.ts'

export function sendHeartbeats(state: RaftState, leadership: Leadership): void {
  leadership.heartbeatAt = after(state.now, state.settings.heartbeatMs)
  for (const [to, { matchIndex }] of leadership.peers) {
    const leaderCommit = Math.min(matchIndex, state.commitIndex)
    send(state, { kind: 'heartbeat', to, leaderCommit, round: leadership.round })
  }
}

/** Whether a majority answered within an election time-out (check-quorum; dissertation, 6.2). */
export function hearsMajority(state: RaftState, { peers }: Leadership): boolean {
  const since = after(state.now, -state.settings.electionMs)
  return isMajorityOf(state, (id) => id === state.id || (peers.get(id)?.heardAt ?? since) > since)
}
