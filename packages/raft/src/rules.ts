/**
 * The decisions on which the whole safety argument rests, each a function of its own, so that a test can plant
 * the classical mistake in exactly one of them and show that the simulation notices (test/raft/planted).
 */
import type { Member, NodeId } from './entry.ts'
import type { Message } from './messages.ts'

/** What must be on this node's disk before a message leaves. */
export type Waits = 'nothing' | 'term' | 'log'

const WAITS: Readonly<Record<Message['kind'], Waits>> = {
  'pre-vote': 'term',
  // Promises nothing.
  'pre-vote-response': 'nothing',
  'request-vote': 'term',
  'request-vote-response': 'term',
  // Of a leader: before its own disk has the entries (dissertation, 10.2.1).
  'append-entries': 'term',
  'append-entries-response': 'log',
  heartbeat: 'term',
  'heartbeat-response': 'term',
  'install-snapshot': 'term',
  'timeout-now': 'nothing',
  outdated: 'nothing',
  refused: 'nothing',
}

interface Last {
  readonly index: number
  readonly term: number
}

export interface Rules {
  /** Votes that make a majority of so many voters. */
  quorum(voters: number): number
  /** Whether a member counts in majorities: learners do not. */
  counts(member: Member): boolean
  /** Whether a candidate's log has all that may be committed (paper, 5.4.1). */
  upToDate(candidate: Last, own: Last): boolean
  /** One vote a term. */
  mayVote(votedFor: NodeId | null, candidate: NodeId): boolean
  /** Whether a candidate counts its own vote. */
  ownVoteCounts(onDisk: boolean): boolean
  /** Whether a voter that hears from a leader ignores who asks for its vote (dissertation, 4.2.3). */
  ignoresVotes(hearsLeader: boolean, transfer: boolean): boolean
  /** Whether an entry is committed by counting who has it: only one of the leader's own term (paper, 5.4.2). */
  committedByCount(entryTerm: number, currentTerm: number): boolean
  /** What a node with entries up to `last`, of which its disk has those up to `durable`, counts for itself. */
  ownMatch(durable: number, last: number): number
  waitsFor(message: Message): Waits
  /** Up to where a write under way makes the log durable, after entries from `truncatedFrom` on were given up. */
  durableAfter(writtenTo: number, truncatedFrom: number): number
  /** Whether an answer counts that left its sender's hands before its term changed. */
  isTimely(answerTerm: number, currentTerm: number): boolean
  /** The log matching check (paper, 5.3). */
  fits(ownTerm: number | undefined, prevLogTerm: number): boolean
  /** Whether an own entry gives way to the leader's at the same index. */
  conflicts(ownTerm: number, entryTerm: number): boolean
  /** What a follower may call committed after an append that ended at `lastNew`. */
  followerCommit(leaderCommit: number, lastNew: number): number
  /** Whether a leader changes members, and answers reads: not before an entry of its own term is committed. */
  isSettled(commitIndex: number, firstOwnIndex: number): boolean
  /** Whether the last change of members is still under way. */
  isChanging(membershipIndex: number, commitIndex: number): boolean
  /** The first round of heartbeats that proves leadership to a read that came during `round`. */
  roundOf(round: number): number
  /** Whether it takes part in elections: a voter by its log, or one that is about to be none any more. */
  mayCampaign(votesByLog: boolean, votesByCommitted: boolean): boolean
  /** Whether a node speaks for the database that was added under its id. */
  isSameStore(known: string, said: string): boolean
  /** Whether a snapshot takes the place of the log: not when the log has what it ends with. */
  replacesLog(ownTerm: number | undefined, lastIncludedTerm: number): boolean
}

export const RULES: Rules = {
  quorum: (voters) => Math.floor(voters / 2) + 1,
  counts: ({ role }) => role === 'voter',
  upToDate: (candidate, own) =>
    candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index),
  mayVote: (votedFor, candidate) => votedFor === null || votedFor === candidate,
  ownVoteCounts: (onDisk) => onDisk,
  ignoresVotes: (hearsLeader, transfer) => hearsLeader && !transfer,
  committedByCount: (entryTerm, currentTerm) => entryTerm === currentTerm,
  ownMatch: (durable) => durable,
  waitsFor: ({ kind }) => WAITS[kind],
  durableAfter: (writtenTo, truncatedFrom) => Math.min(writtenTo, truncatedFrom - 1),
  isTimely: (answerTerm, currentTerm) => answerTerm === currentTerm,
  fits: (ownTerm, prevLogTerm) => ownTerm === prevLogTerm,
  conflicts: (ownTerm, entryTerm) => ownTerm !== entryTerm,
  followerCommit: Math.min,
  isSettled: (commitIndex, firstOwnIndex) => commitIndex >= firstOwnIndex,
  isChanging: (membershipIndex, commitIndex) => membershipIndex > commitIndex,
  roundOf: (round) => round + 1,
  mayCampaign: (votesByLog, votesByCommitted) => votesByLog || votesByCommitted,
  isSameStore: (known, said) => known === said,
  replacesLog: (ownTerm, lastIncludedTerm) => ownTerm !== lastIncludedTerm,
}
