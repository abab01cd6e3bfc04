/** What comes into a step, and what comes out of it. */
import type { Instant, Refusal } from '@lvsm/base'
import type { Entry, NodeId, Snapshot } from './entry.ts'
import type { Expulsion, Message } from './messages.ts'

export interface HardState {
  readonly currentTerm: number
  readonly votedFor: NodeId | null
}
/** What a database holds when a node starts. */
export interface Stored {
  readonly hardState: HardState
  readonly snapshot: Snapshot
  /** Without a gap from `snapshot.index` on. */
  readonly entries: readonly Entry[]
  /** The state machine holds everything up to here. */
  readonly lastApplied: number
}

/** One transaction: all of it, or nothing. In the order of these fields. */
export interface Persist {
  readonly kind: 'persist'
  /** Writes are carried out in the order of their numbers. */
  readonly write: number
  readonly hardState: HardState | null
  /** The snapshot that arrived with this index takes the place of log and state machine; null: none. */
  readonly install: Snapshot | null
  /** The log's entries from here on go; null: none. */
  readonly truncateFrom: number | null
  readonly append: readonly Entry[]
  /** Committed: to the state machine, in this order. */
  readonly apply: readonly Entry[]
  /** The log's entries up to here are no longer needed, and this is known of them; null: all are. */
  readonly compact: Snapshot | null
}

export type Change =
  /** A learner with this database. Its id is in the outcome, and nowhere before it is committed. */
  | { readonly op: 'add'; readonly store: string }
  | { readonly op: 'promote'; readonly node: NodeId }
  | { readonly op: 'demote'; readonly node: NodeId }
  | { readonly op: 'remove'; readonly node: NodeId }

/** Of a disk: `full` may pass (ENOSPC), `io` never does (EIO: what fsync lost once, it may call written the next time). */
export type Fault = 'full' | 'io'

export type Input =
  | { readonly kind: 'wake' }
  | { readonly kind: 'message'; readonly message: Message }
  /** The disk has all writes up to this one. */
  | { readonly kind: 'persisted'; readonly write: number }
  /** Nothing of this write, nor of any after it. */
  | { readonly kind: 'persist-failed'; readonly write: number; readonly fault: Fault }
  | { readonly kind: 'propose'; readonly id: string; readonly payload: string }
  | { readonly kind: 'change'; readonly id: string; readonly change: Change; readonly payload: string }
  | { readonly kind: 'read'; readonly id: string }
  | { readonly kind: 'transfer'; readonly to: NodeId }
  /** The state has left for that node as a whole, or will not. */
  | { readonly kind: 'snapshot-sent'; readonly to: NodeId; readonly ok: boolean }

export type Outcome =
  /** It is in the log for ever, and in this node's state machine. */
  | { readonly kind: 'committed'; readonly index: number }
  /** Nothing of it was done, nor will be. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly leader: NodeId | null }
  /** It may be committed yet, or never: leadership was lost. Never to be called a failure. */
  | { readonly kind: 'unknown' }

export type ReadResult =
  /** The state machine of this node may be asked now. */
  | { readonly kind: 'ready'; readonly index: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly leader: NodeId | null }

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader'
export type TransferEnd = 'refused' | 'timed-out' | 'leadership-over'

export type Effect =
  | Persist
  | { readonly kind: 'send'; readonly message: Message }
  /** Send the state as of `index`, with an InstallSnapshot of this term; then say `snapshot-sent`. */
  | {
      readonly kind: 'send-snapshot'
      readonly to: NodeId
      readonly term: number
      readonly snapshot: Snapshot
    }
  /** Exactly one for each `propose` and `change`, unless the process ends before. */
  | { readonly kind: 'outcome'; readonly id: string; readonly outcome: Outcome }
  /** Exactly one for each `read`. */
  | { readonly kind: 'read'; readonly id: string; readonly result: ReadResult }
  | {
      readonly kind: 'transfer-ended'
      readonly to: NodeId
      readonly how: TransferEnd
      readonly refusal: Refusal | null
    }
  | { readonly kind: 'role'; readonly role: Role; readonly term: number; readonly leader: NodeId | null }
  /** This node takes part no more; it has to join anew. */
  | { readonly kind: 'expelled'; readonly reason: Expulsion }
  /** The process must end, and its database must not be used again. */
  | { readonly kind: 'exit'; readonly reason: string }
  | { readonly kind: 'wake'; readonly at: Instant }
