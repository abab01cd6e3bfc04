/** A message arrives: whether it counts, what its term means, and who deals with it. */
import { after } from '@lvsm/base'
import { onPreVote, onPreVoteResponse, onRequestVote, onRequestVoteResponse } from './elect.ts'
import { onAppendEntries, onHeartbeat, onInstallSnapshot } from './follow.ts'
import { isFromLeader, type LeaderMessage, type Message, type PreVote, type RequestVote } from './messages.ts'
import { onAppendResponse, onHeartbeatResponse } from './replicate.ts'
import { becomeFollower } from './roles.ts'
import { admits, onRefused } from './strangers.ts'
import { drop, type RaftState, resetElection, send } from './state.ts'
import { onTimeoutNow } from './transfer.ts'

export function onMessage(state: RaftState, message: Message): void {
  if (message.to !== state.id || message.from === state.id) return drop(state, 'misaddressed')
  if (message.kind === 'refused') return onRefused(state, message)
  if (!admits(state, message)) return
  const asksVote = message.kind === 'pre-vote' || message.kind === 'request-vote'
  if (asksVote && ignores(state, message)) return outdated(state, message)
  if (message.term > state.currentTerm) becomeFollower(state, message.term, isFromLeader(message) ? message.from : null)
  if (message.term < state.currentTerm) return outdated(state, message)
  if (isFromLeader(message)) onLeader(state, message)
  else dispatch(state, message)
}

/** Who hears from a leader helps nobody to disturb it, and learns no term from who tries (dissertation, 4.2.3). */
function ignores(state: RaftState, message: PreVote | RequestVote): boolean {
  const { role, now, leaderHeardAt, settings, rules, leader } = state
  const hears = role === 'leader' || (leader !== null && now < after(leaderHeardAt, settings.electionMs))
  return rules.ignoresVotes(hears, message.kind === 'request-vote' && message.transfer)
}

/** Whoever is behind is told the term, so that a leader of the past gives way and a candidate catches up. */
function outdated(state: RaftState, message: Message): void {
  drop(state, 'outdated')
  const asks = isFromLeader(message) || message.kind === 'pre-vote' || message.kind === 'request-vote'
  if (asks && message.term < state.currentTerm) send(state, { kind: 'outdated', to: message.from })
}

function onLeader(state: RaftState, message: LeaderMessage): void {
  if (state.role === 'leader') return drop(state, 'impossible')
  if (state.role !== 'follower' || state.leader !== message.from) becomeFollower(state, state.currentTerm, message.from)
  state.leaderHeardAt = state.now
  resetElection(state)
  switch (message.kind) {
    case 'append-entries':
      return onAppendEntries(state, message)
    case 'heartbeat':
      return onHeartbeat(state, message)
    case 'install-snapshot':
      return onInstallSnapshot(state, message)
    case 'timeout-now':
      return onTimeoutNow(state)
  }
}

function dispatch(state: RaftState, message: Exclude<Message, LeaderMessage>): void {
  switch (message.kind) {
    case 'pre-vote':
      return onPreVote(state, message)
    case 'pre-vote-response':
      return onPreVoteResponse(state, message)
    case 'request-vote':
      return onRequestVote(state, message)
    case 'request-vote-response':
      return onRequestVoteResponse(state, message)
    case 'append-entries-response':
      return onAppendResponse(state, message)
    case 'heartbeat-response':
      return onHeartbeatResponse(state, message)
    case 'outdated':
    case 'refused':
      return
  }
}
