/**
 * Elections (paper, 5.2 and 5.4.1; pre-vote: dissertation, 9.6).
 *
 * Laws: one vote a term, on disk before it is told; nobody stands whose log is empty, whose disk is sick, or who is a learner;
 * its own vote counts when its disk has it.
 */
import type { NodeId } from './entry.ts'
import { append, lastIndex, lastOf, membershipAt, sizeBetween } from './log.ts'
import { isVoter, memberOf, votersOf } from './membership.ts'
import type { PreVote, PreVoteResponse, RequestVote, RequestVoteResponse } from './messages.ts'
import { isSick } from './health.ts'
import { newProgress } from './progress.ts'
import { replicate } from './replicate.ts'
import { becomeFollower } from './roles.ts'
import { drop, isMajorityOf, membership, noteRole, type RaftState, resetElection, send } from './state.ts'

export function onElectionTimeout(state: RaftState): void {
  resetElection(state)
  if (state.leader !== null) {
    state.leader = null
    noteRole(state)
  }
  if (!mayCampaign(state)) {
    if (state.role !== 'follower') becomeFollower(state, state.currentTerm, null)
    return
  }
  if (state.settings.preVote) preVote(state)
  else campaign(state, false)
}

/** One that the last entry of the log removes stands nevertheless until that is committed (dissertation, 4.2.2). */
export function mayCampaign(state: RaftState): boolean {
  const { id, log, commitIndex, rules } = state
  if (isSick(state) || lastIndex(log) === 0) return false
  return rules.mayCampaign(isVoter(membership(state), id), isVoter(membershipAt(log, commitIndex), id))
}

function preVote(state: RaftState): void {
  state.role = 'pre-candidate'
  state.votes.clear()
  state.votes.add(state.id)
  noteRole(state)
  if (isMajorityOf(state, (id) => state.votes.has(id))) return campaign(state, false)
  const { index: lastLogIndex, term: lastLogTerm } = lastOf(state.log)
  for (const to of others(state)) send(state, { kind: 'pre-vote', to, lastLogIndex, lastLogTerm })
}

/** `transfer`: the leader asked for it. */
export function campaign(state: RaftState, transfer: boolean): void {
  state.role = 'candidate'
  state.currentTerm += 1
  state.votedFor = state.id
  state.leader = null
  state.disk.unsaved.hardState = true
  state.votes.clear()
  resetElection(state)
  noteRole(state)
  const { index: lastLogIndex, term: lastLogTerm } = lastOf(state.log)
  for (const to of others(state)) send(state, { kind: 'request-vote', to, lastLogIndex, lastLogTerm, transfer })
}

const others = (state: RaftState): readonly NodeId[] =>
  votersOf(membership(state), state.rules).filter((id) => id !== state.id)

export function onPreVote(state: RaftState, { from: to, term, lastLogIndex, lastLogTerm }: PreVote): void {
  const granted =
    term === state.currentTerm &&
    lastIndex(state.log) > 0 &&
    state.rules.upToDate({ index: lastLogIndex, term: lastLogTerm }, lastOf(state.log))
  send(state, { kind: 'pre-vote-response', to, granted, nextTerm: term + 1 })
}

export function onPreVoteResponse(state: RaftState, { from, granted, nextTerm }: PreVoteResponse): void {
  if (state.role !== 'pre-candidate' || nextTerm !== state.currentTerm + 1) return drop(state, 'unasked')
  if (granted) state.votes.add(from)
  if (isMajorityOf(state, (id) => state.votes.has(id))) campaign(state, false)
}

export function onRequestVote(state: RaftState, message: RequestVote): void {
  const { from: to, lastLogIndex: index, lastLogTerm: term } = message
  // A voter has a log: one without was wiped, or never voted. On a full disk no vote can be kept.
  if (lastIndex(state.log) === 0 || state.disk.full) return
  const granted = state.rules.mayVote(state.votedFor, to) && state.rules.upToDate({ index, term }, lastOf(state.log))
  if (granted) {
    if (state.votedFor !== to) state.disk.unsaved.hardState = true
    state.votedFor = to
    resetElection(state)
  }
  send(state, { kind: 'request-vote-response', to, granted })
}

export function onRequestVoteResponse(state: RaftState, { from, granted }: RequestVoteResponse): void {
  if (state.role !== 'candidate') return drop(state, 'unasked')
  if (granted) state.votes.add(from)
  winIfElected(state)
}

/** Once the disk has it. */
export function countOwnVote(state: RaftState): void {
  const { role, disk, votes, id, rules } = state
  if (role !== 'candidate' || votes.has(id)) return
  const onDisk = !disk.unsaved.hardState && disk.confirmed >= disk.termWrite
  if (!rules.ownVoteCounts(onDisk)) return
  votes.add(id)
  winIfElected(state)
}

function winIfElected(state: RaftState): void {
  if (isMajorityOf(state, (id) => state.votes.has(id))) becomeLeader(state)
}

function becomeLeader(state: RaftState): void {
  const { log, now, id, commitIndex } = state
  const index = lastIndex(log) + 1
  const peers = new Map(
    membership(state)
      .members.filter((member) => member.id !== id)
      .map((member) => [member.id, newProgress(index, now)]),
  )
  state.role = 'leader'
  state.leader = id
  state.votes.clear()
  append(log, { kind: 'noop', index, term: state.currentTerm })
  state.leadership = {
    firstIndex: index,
    peers,
    heartbeatAt: now,
    round: 0,
    waiting: [],
    asked: null,
    transfer: null,
    uncommitted: sizeBetween(log, commitIndex + 1, index),
  }
  noteRole(state)
  replicate(state, state.leadership, true)
}

/** Peers of a leader are the members other than itself. */
export function syncPeers(state: RaftState): void {
  const { leadership, id, log, now } = state
  if (!leadership) return
  const { members } = membership(state)
  for (const peer of leadership.peers.keys()) if (!memberOf({ members }, peer)) leadership.peers.delete(peer)
  for (const member of members)
    if (member.id !== id && !leadership.peers.has(member.id))
      leadership.peers.set(member.id, newProgress(lastIndex(log) + 1, now))
}
