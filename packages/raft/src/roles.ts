/** Follower again: what a leader or candidate leaves behind. */
import type { NodeId } from './entry.ts'
import type { TransferEnd } from './events.ts'
import { giveUpProposals, NOT_LEADER, refuseRead } from './outcomes.ts'
import { isVoter } from './membership.ts'
import { isHeard } from './progress.ts'
import { type Leadership, membership, noteRole, type RaftState, resetElection, send } from './state.ts'

/** `term` is not below the current one. */
export function becomeFollower(state: RaftState, term: number, leader: NodeId | null): void {
  const { role, currentTerm, leader: before } = state
  if (term > currentTerm) {
    state.currentTerm = term
    state.votedFor = null
    state.disk.unsaved.hardState = true
  }
  state.role = 'follower'
  state.leader = leader
  state.votes.clear()
  if (state.leadership) endLeadership(state, state.leadership)
  if (role !== 'follower') resetElection(state)
  if (role !== 'follower' || before !== leader || term > currentTerm) noteRole(state)
}

function endLeadership(state: RaftState, leadership: Leadership): void {
  state.leadership = null
  giveUpProposals(state, state.commitIndex)
  for (const id of [...(leadership.asked?.ids ?? []), ...leadership.waiting]) refuseRead(state, id, NOT_LEADER)
  if (leadership.transfer) endTransfer(state, leadership, 'leadership-over')
}

export function endTransfer(state: RaftState, leadership: Leadership, how: TransferEnd): void {
  const { transfer } = leadership
  leadership.transfer = null
  if (transfer) state.effects.push({ kind: 'transfer-ended', to: transfer.to, how, refusal: null })
}

/** A leader that must not go on asks the follower that is furthest to take over, and is none any more. */
export function handOver(state: RaftState): void {
  const { leadership } = state
  if (!leadership) return
  const { electionMs } = state.settings
  const [best] = [...leadership.peers]
    .filter(([id, progress]) => isVoter(membership(state), id) && isHeard(progress, electionMs, state.now))
    .toSorted(([, a], [, b]) => b.matchIndex - a.matchIndex)
  if (best) send(state, { kind: 'timeout-now', to: best[0] })
  becomeFollower(state, state.currentTerm, null)
}
