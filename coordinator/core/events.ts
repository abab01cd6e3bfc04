/** What comes into a step of a coordinator's core, and what comes out of it: Raft's, and questions with their answers. */
import type { Refusal } from '@lvsm/base'
import type { Change, Effect as RaftEffect, Fault, InstallSnapshot, NodeId } from '@lvsm/raft'
import type { CoreMessage } from '../ports.ts'

/** What is asked of the coordinators as a whole. */
export type Wish =
  /** To be proposed. */
  | { readonly kind: 'write'; readonly payload: string }
  | { readonly kind: 'read' }
  /** Of `add`, the index in its answer is the new member's id. */
  | { readonly kind: 'change'; readonly change: Change; readonly payload: string }

export interface Applied<Result> {
  readonly index: number
  readonly result: Result
}
export type Input<Result> =
  | { readonly kind: 'wake' }
  | { readonly kind: 'message'; readonly message: CoreMessage | InstallSnapshot }
  /** The disk has all writes up to this one; of those that it brings: what was applied, in its order. */
  | { readonly kind: 'persisted'; readonly write: number; readonly applied: readonly Applied<Result>[] }
  | { readonly kind: 'persist-failed'; readonly write: number; readonly fault: Fault }
  | { readonly kind: 'snapshot-sent'; readonly to: NodeId; readonly ok: boolean }
  | { readonly kind: 'ask'; readonly id: string; readonly wish: Wish }
  | { readonly kind: 'transfer'; readonly to: NodeId }

export type Reply<Result> =
  /** Of a write: committed, and applied on this node, at this index. `result` null: it came with a snapshot. Of a read: current. */
  | { readonly kind: 'done'; readonly index: number; readonly result: Result | null }
  /** Nothing of it was done. */
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Of a write: it may be done yet, or never. */
  | { readonly kind: 'unknown' }

export type Effect<Result> =
  | Exclude<RaftEffect, { kind: 'outcome' | 'read' | 'send' }>
  | { readonly kind: 'send'; readonly message: CoreMessage }
  /** Exactly one for each `ask`, unless the process ends before. */
  | { readonly kind: 'reply'; readonly id: string; readonly reply: Reply<Result> }

export interface Limits {
  /** Every question has its answer within so many milliseconds. */
  readonly patienceMs: number
  /** So long an answer is waited for of a leader that leads no more. */
  readonly lostMs: number
  /** Before a coordinator that said that it does not lead is asked again. */
  readonly againMs: number
  /** It is looked so often whether a learner can become a voter. */
  readonly growMs: number
  /** Voters that learners become by themselves. */
  readonly voters: number
}
export const LIMITS: Limits = { patienceMs: 10_000, lostMs: 1000, againMs: 100, growMs: 1000, voters: 3 }
