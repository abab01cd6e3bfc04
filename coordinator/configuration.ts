/** The cluster's configuration as whoever serves people and agents asks for it: the same on each coordinator. */
import type { Refusal } from '@lvsm/base'
import type { Outcome, State } from '@lvsm/changes'
import type { Entry as Change, MemberRecord, NodeProgress } from '@lvsm/protocol'
import type { NodeId, RaftStatus } from '@lvsm/raft'

/** Of a coordinator, in Raft. */
export type MemberId = NodeId

/** Nothing of it was done. */
export interface NotDone {
  readonly kind: 'refused'
  readonly refusal: Refusal
}
export type Read = { readonly kind: 'state'; readonly state: State } | NotDone
export type Written =
  /** It is in the log for ever. `outcome` is what it came to, which may be a refusal; `state`: with it. */
  | { readonly kind: 'done'; readonly outcome: Outcome; readonly state: State }
  | NotDone
  /** It may be done yet, or never: to be looked up before it is tried again. */
  | { readonly kind: 'unknown' }
/** Of who the coordinators are. */
export type MemberChanged<Done> = Done | NotDone | { readonly kind: 'unknown' }
/** The cluster's configuration, on any coordinator. Each question has exactly one answer, within seconds. */
export interface Configuration {
  /** As of a moment after the question: nothing that was acknowledged before is missing (linearizable). */
  read(): Promise<Read>
  write(change: Change): Promise<Written>
  /** A coordinator that is lost for good. `id`: of a member. */
  remove(id: NodeId): Promise<MemberChanged<{ readonly kind: 'removed' }>>
  /** What this coordinator has applied, newest or not; null before there is anything. */
  known(): State | null
  /** Calls at each change of `known()` or of who the coordinators are, until the function that it returns is called. */
  follow(changed: (state: State) => void): () => void
  status(): CoordinatorStatus
}
/** Node → what its agent said of itself; of whom nothing was heard lately there is nothing. */
export type Progress = () => ReadonlyMap<string, NodeProgress>
export interface CoordinatorStatus {
  readonly raft: RaftStatus
  /** What is known of each coordinator, by id. */
  readonly members: ReadonlyMap<NodeId, MemberRecord>
}
