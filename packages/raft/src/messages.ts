/** What coordinators tell each other: the paper's messages, and what pre-vote, reads and removal need beside them. */
import type { Entry, Membership, NodeId } from './entry.ts'

interface Head {
  readonly from: NodeId
  readonly to: NodeId
  /** The database of the sender. */
  readonly store: string
  /** The sender's current term. */
  readonly term: number
}
/** Asks who would vote in the term after the sender's; changes nothing (dissertation, 9.6). */
export interface PreVote extends Head {
  readonly kind: 'pre-vote'
  readonly lastLogIndex: number
  readonly lastLogTerm: number
}
export interface PreVoteResponse extends Head {
  readonly kind: 'pre-vote-response'
  readonly granted: boolean
  /** The term that was asked about. */
  readonly nextTerm: number
}
export interface RequestVote extends Head {
  readonly kind: 'request-vote'
  readonly lastLogIndex: number
  readonly lastLogTerm: number
  /** The leader asked for this election, so that hearing from it is no reason to refuse (dissertation, 4.2.3). */
  readonly transfer: boolean
}
export interface RequestVoteResponse extends Head {
  readonly kind: 'request-vote-response'
  readonly granted: boolean
}
export interface AppendEntries extends Head {
  readonly kind: 'append-entries'
  readonly prevLogIndex: number
  readonly prevLogTerm: number
  readonly entries: readonly Entry[]
  readonly leaderCommit: number
}
export interface AppendEntriesResponse extends Head {
  readonly kind: 'append-entries-response'
  /** Up to here the sender's disk has what the leader's log has; null when it refused. */
  readonly matchIndex: number | null
  /** Of a refusal: the `prevLogIndex` that did not fit, and the last entry that may. */
  readonly rejected: number
  readonly hintIndex: number
  readonly hintTerm: number
}
/** Apart from AppendEntries, because its answer waits for no disk. */
export interface Heartbeat extends Head {
  readonly kind: 'heartbeat'
  /** Never above what the receiver acknowledged. */
  readonly leaderCommit: number
  /** Echoed: a read waits until a majority answered a round that began after it. */
  readonly round: number
}
export interface HeartbeatResponse extends Head {
  readonly kind: 'heartbeat-response'
  readonly round: number
}
/** The state itself travels beside it, and has arrived as a whole when the core sees this. */
export interface InstallSnapshot extends Head {
  readonly kind: 'install-snapshot'
  readonly lastIncludedIndex: number
  readonly lastIncludedTerm: number
  readonly membership: Membership
}
export interface TimeoutNow extends Head {
  readonly kind: 'timeout-now'
}
/** To a leader or candidate of an earlier term. */
export interface Outdated extends Head {
  readonly kind: 'outdated'
}
/** Why a node may not take part any more. */
export type Expulsion =
  /** It was removed, and had not heard of it. */
  | 'removed'
  /** Its id belongs to another database: its own was wiped, or copied. */
  | 'wiped'
  /** Its database lacks what it acknowledged: an old copy was put back. */
  | 'regressed'
export interface Refused extends Head {
  readonly kind: 'refused'
  readonly reason: Exclude<Expulsion, 'regressed'>
  /** The database that was refused: its successor under the same address may be a good one. */
  readonly about: string
}

export type Message =
  | PreVote
  | PreVoteResponse
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | Heartbeat
  | HeartbeatResponse
  | InstallSnapshot
  | TimeoutNow
  | Outdated
  | Refused

/** Sent by a leader as such. */
export type LeaderMessage = AppendEntries | Heartbeat | InstallSnapshot | TimeoutNow
const FROM_LEADERS: ReadonlySet<Message['kind']> = new Set<LeaderMessage['kind']>([
  'append-entries',
  'heartbeat',
  'install-snapshot',
  'timeout-now',
])
export const isFromLeader = (message: Message): message is LeaderMessage => FROM_LEADERS.has(message.kind)

type BodyOf<M> = M extends Message ? Omit<M, 'from' | 'store' | 'term'> : never
/** A message before it has a sender. */
export type Outgoing = BodyOf<Exclude<Message, InstallSnapshot>>
