/** State of one coordinator's Raft: one value, changed only inside a step. Its names are those of the paper. */
import { after, type Instant, invariant, NEVER_BEFORE, type Random, randomBetween } from '@lvsm/base'
import type { Membership, NodeId } from './entry.ts'
import type { Effect, Role, Stored } from './events.ts'
import { type DiskBook, newDiskBook } from './disk-book.ts'
import { lastIndex, membershipOf, newLog, type RaftLog } from './log.ts'
import { isMajority, votersOf } from './membership.ts'
import type { Expulsion, Message, Outgoing } from './messages.ts'
import type { Progress } from './progress.ts'
import { RULES, type Rules } from './rules.ts'
import type { Settings } from './settings.ts'

export interface RaftOptions {
  readonly id: NodeId
  /** Identity of its database. */
  readonly store: string
  readonly stored: Stored
  readonly settings: Settings
  /** Spreads election time-outs. */
  readonly random: Random
  readonly startedAt: Instant
  /** For tests that plant a mistake. */
  readonly rules?: Rules
}

/** Why a message was dropped. */
export type Dropped =
  /** Not to this node. */
  | 'misaddressed'
  /** It speaks for a member, from another database. */
  | 'wiped'
  /** From a node that was removed. */
  | 'removed'
  /** Of an earlier term. */
  | 'outdated'
  /** An answer to nothing that was asked now. */
  | 'unasked'
  /** Contradicts what is committed, or claims what cannot be: somebody's database is broken. */
  | 'impossible'
  /** The disk is full. */
  | 'full'

export interface Transfer {
  readonly to: NodeId
  readonly until: Instant
  /** TimeoutNow has left. */
  asked: boolean
}
export interface AskedRead {
  readonly ids: readonly string[]
  readonly index: number
  /** A majority must answer this round of heartbeats, or a later one. */
  readonly round: number
}
/** What only a leader has. */
export interface Leadership {
  /** Of the entry with which it began. */
  readonly firstIndex: number
  readonly peers: Map<NodeId, Progress>
  heartbeatAt: Instant
  round: number
  /** Reads without a round yet. */
  waiting: string[]
  asked: AskedRead | null
  transfer: Transfer | null
  /** Size of what is not committed. */
  uncommitted: number
}

export interface RaftState {
  readonly id: NodeId
  readonly store: string
  readonly settings: Settings
  readonly rules: Rules
  readonly random: Random
  now: Instant
  currentTerm: number
  votedFor: NodeId | null
  readonly log: RaftLog
  commitIndex: number
  /** The state machine on disk holds everything up to here. */
  lastApplied: number
  role: Role
  leader: NodeId | null
  /** When a leader was last heard. */
  leaderHeardAt: Instant
  electionAt: Instant
  /** Who granted this node's present candidacy, or would. */
  readonly votes: Set<NodeId>
  leadership: Leadership | null
  /** Proposals without an outcome, by index. */
  readonly proposals: Map<number, string>
  /** Reads that wait for the state machine only. */
  readonly confirmed: { readonly id: string; readonly index: number }[]
  readonly disk: DiskBook
  expelled: Expulsion | null
  exited: boolean
  readonly dropped: Partial<Record<Dropped, number>>
  outbox: Message[]
  effects: Effect[]
  wakeAt: Instant
}

export function newState(options: RaftOptions): RaftState {
  const { stored } = options
  const log = newLog(stored.snapshot, stored.entries)
  const isWhole = stored.lastApplied >= stored.snapshot.index && stored.lastApplied <= lastIndex(log)
  invariant(isWhole, 'what is applied is in the log, or under its snapshot')
  const state: RaftState = {
    id: options.id,
    store: options.store,
    settings: options.settings,
    rules: options.rules ?? RULES,
    random: options.random,
    now: options.startedAt,
    currentTerm: stored.hardState.currentTerm,
    votedFor: stored.hardState.votedFor,
    log,
    commitIndex: stored.lastApplied,
    lastApplied: stored.lastApplied,
    role: 'follower',
    leader: null,
    leaderHeardAt: NEVER_BEFORE,
    electionAt: options.startedAt,
    votes: new Set(),
    leadership: null,
    proposals: new Map(),
    confirmed: [],
    disk: newDiskBook(log, stored.lastApplied),
    expelled: null,
    exited: false,
    dropped: {},
    outbox: [],
    effects: [],
    wakeAt: NEVER_BEFORE,
  }
  // Nobody else can be the leader of a lone voter.
  if (!isAlone(state)) resetElection(state)
  return state
}

/** The only voter there is. */
export function isAlone({ id, log, rules }: RaftState): boolean {
  const voters = votersOf(membershipOf(log), rules)
  return voters.length === 1 && voters[0] === id
}

export const drop = (state: RaftState, why: Dropped): void => {
  state.dropped[why] = (state.dropped[why] ?? 0) + 1
}

export function send(state: RaftState, outgoing: Outgoing): void {
  const { id: from, store, currentTerm: term } = state
  state.outbox.push({ ...outgoing, from, store, term } as Message)
}

/** Uniform between one and two election time-outs, drawn anew each time: timers never fall into step. */
export function resetElection(state: RaftState): void {
  const { electionMs } = state.settings
  state.electionAt = after(state.now, randomBetween(state.random, electionMs, 2 * electionMs))
}

export const membership = (state: RaftState): Membership => membershipOf(state.log)
/** Whether those of the voters for which `holds` are a majority. */
export const isMajorityOf = (state: RaftState, holds: (id: NodeId) => boolean): boolean =>
  isMajority(membership(state), holds, state.rules)

export function noteRole(state: RaftState): void {
  state.effects.push({ kind: 'role', role: state.role, term: state.currentTerm, leader: state.leader })
}
