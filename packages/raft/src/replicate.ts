/**
 * What a leader sends, and what of it is committed (paper, 5.3 and 5.4.2).
 *
 * Laws: an entry of an earlier term is committed only by one of the leader's own term after it; the leader counts itself by
 * what its disk has; an answer that cannot be changes nothing.
 */
import { after } from '@lvsm/base'
import type { NodeId } from './entry.ts'
import { lastAgreeing, lastIndex, membershipAt, portionFrom, sizeBetween, termAt } from './log.ts'
import { isVoter, votersOf } from './membership.ts'
import type { AppendEntriesResponse, HeartbeatResponse } from './messages.ts'
import { acknowledged, becomeProbe, becomeSnapshot, isPaused, type Progress, refused, sent } from './progress.ts'
import { reachedBy } from './quorum.ts'
import { becomeFollower } from './roles.ts'
import { drop, type Leadership, membership, type RaftState, send } from './state.ts'

/** Everything that may be sent to everybody. `empty`: a message without entries, too, where there are none. */
export function replicate(state: RaftState, leadership: Leadership, empty: boolean): void {
  for (const [id, progress] of leadership.peers) replicateTo(state, id, progress, empty)
}

export function replicateTo(state: RaftState, to: NodeId, progress: Progress, empty: boolean): void {
  let allowEmpty = empty
  while (!isPaused(progress, state.settings.window)) {
    const more = progress.nextIndex <= lastIndex(state.log)
    if (!more && !allowEmpty) return
    allowEmpty = false
    sendEntries(state, to, progress, true)
  }
}

function sendEntries(state: RaftState, to: NodeId, progress: Progress, withEntries: boolean): void {
  const prevLogIndex = progress.nextIndex - 1
  const prevLogTerm = termAt(state.log, prevLogIndex)
  if (prevLogTerm === undefined) return sendSnapshot(state, to, progress)
  const entries = withEntries ? portionFrom(state.log, progress.nextIndex, state.settings.messageSize) : []
  const { commitIndex: leaderCommit } = state
  send(state, { kind: 'append-entries', to, prevLogIndex, prevLogTerm, entries, leaderCommit })
  sent(progress, entries.at(-1)?.index ?? 0)
}

/** Its next entry is compacted. The state is as the disk will have it when the sender gets there. */
function sendSnapshot(state: RaftState, to: NodeId, progress: Progress): void {
  const { log, disk, currentTerm: term, settings, now } = state
  const index = disk.issuedApplied
  becomeSnapshot(progress, index, after(now, settings.snapshotMs))
  const snapshot = { index, term: termAt(log, index) ?? 0, membership: membershipAt(log, index) }
  state.effects.push({ kind: 'send-snapshot', to, term, snapshot })
}

export function onAppendResponse(state: RaftState, message: AppendEntriesResponse): void {
  const progress = heard(state, message.from)
  if (!progress) return drop(state, 'unasked')
  const { matchIndex, from } = message
  if (matchIndex === null) {
    const agreeing = lastAgreeing(state.log, message.hintIndex, message.hintTerm)
    if (refused(progress, message.rejected, agreeing.index)) replicateTo(state, from, progress, true)
    return
  }
  if (matchIndex > lastIndex(state.log)) return drop(state, 'impossible')
  const reachable = termAt(state.log, matchIndex) !== undefined
  const isNews = acknowledged(progress, matchIndex, reachable)
  if (isNews && !reachable && progress.phase === 'snapshot') becomeProbe(progress)
  replicateTo(state, from, progress, false)
}

/** What was lost on the way shows here: a message without entries makes the follower say how far it is. */
export function onHeartbeatResponse(state: RaftState, message: HeartbeatResponse): void {
  const progress = heard(state, message.from)
  if (!progress) return drop(state, 'unasked')
  progress.round = Math.max(progress.round, message.round)
  const { phase, matchIndex, nextIndex } = progress
  const last = lastIndex(state.log)
  if (phase === 'snapshot' || (phase === 'replicate' && matchIndex >= last)) return
  const goesOn = phase === 'replicate' && nextIndex <= last && !isPaused(progress, state.settings.window)
  if (goesOn) return replicateTo(state, message.from, progress, false)
  sendEntries(state, message.from, progress, false)
}

function heard(state: RaftState, from: NodeId): Progress | undefined {
  const progress = state.leadership?.peers.get(from)
  if (!progress) return undefined
  progress.heardAt = state.now
  progress.answers = true
  return progress
}

/** The highest index that a majority's disks have, when it is of this term. */
export function advanceCommit(state: RaftState, leadership: Leadership): void {
  const { id, log, rules, disk } = state
  const voters = votersOf(membership(state), rules)
  const matches = voters.map((voter) =>
    voter === id ? rules.ownMatch(disk.durableIndex, lastIndex(log)) : (leadership.peers.get(voter)?.matchIndex ?? 0),
  )
  const index = reachedBy(matches, rules.quorum(voters.length))
  if (index <= state.commitIndex || !rules.committedByCount(termAt(log, index) ?? 0, state.currentTerm)) return
  leadership.uncommitted -= sizeBetween(log, state.commitIndex + 1, index)
  state.commitIndex = index
  replicate(state, leadership, true)
  // Committed: from here on others lead (dissertation, 4.2.2).
  if (!isVoter(membershipAt(log, index), id)) becomeFollower(state, state.currentTerm, null)
}
