/** What a coordinator asks of the world. */
import type { Refusal } from '@lvsm/base'
import type { AgentReport, CoordinatorTrouble, NodeProgress, Speaks } from '@lvsm/protocol'
import type { Change, Entry, Fault, InstallSnapshot, Message, NodeId, Persist, Stored } from '@lvsm/raft'

/** What entries make of a state, and how a state is kept. Pure. */
export interface StateMachine<State, Result> {
  apply(state: State, entry: Entry): { readonly state: State; readonly result: Result }
  /** Plain data by key. What an entry did not change is the same value as before: only what differs is written. */
  partsOf(state: State): ReadonlyMap<string, unknown>
  /** Null: no state has these parts. */
  stateOf(parts: ReadonlyMap<string, unknown>): { readonly state: State } | null
}

export interface Done<Result> {
  readonly fault: Fault | null
  /** Of the entries that were applied, in their order. */
  readonly results: readonly Result[]
}
/** The state machine as the disk has it. */
export interface Kept<State> {
  readonly lastApplied: number
  readonly machine: State
}
/** A coordinator's database. */
export interface StorePort<State, Result> {
  /** Made with it. */
  readonly identity: string
  /** What a start finds: as of when it was opened, and of no use later. */
  readonly content: Stored & Kept<State>
  /** As the disk has it now. */
  readonly kept: Kept<State>
  /**
   * One transaction: all of it, or nothing. Answers come in the order of the writes; after a fault nothing of those behind it
   * was done, and they are not answered. `arrived`: the state that came with the snapshot that is installed.
   */
  write(persist: Persist, arrived: State | null, done: (done: Done<Result>) => void): void
  /** After what was written before. */
  read(done: (kept: Kept<State>) => void): void
}

/** Another coordinator, as the state machine has it. An id is no address. */
export interface Peer {
  readonly id: NodeId
  /** Where it listens for other nodes, each tried in turn. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[]
  /** SHA-256 of the public key of its certificate (SubjectPublicKeyInfo, DER), in hexadecimal digits. */
  readonly key: string
}
/** A follower's question, and the leader's answer. `id` is the asker's. */
export interface Ask {
  readonly kind: 'ask'
  readonly from: NodeId
  readonly to: NodeId
  readonly id: string
  /** To be proposed; null: the index as of which a read is current. */
  readonly payload: string | null
  /** Of the members, with that payload. */
  readonly change?: Change
}
export interface Answer {
  readonly kind: 'answer'
  readonly from: NodeId
  readonly to: NodeId
  readonly id: string
  readonly outcome: /** Committed there, or current as of there. */
    | { readonly kind: 'index'; readonly index: number }
    | { readonly kind: 'refused'; readonly refusal: Refusal }
    /** Of a proposal: it may be committed yet, or never. */
    | { readonly kind: 'unknown' }
}
/** What the agents that follow one coordinator said of themselves: all of them know all of it. */
export interface Nodes {
  readonly kind: 'nodes'
  readonly from: NodeId
  readonly to: NodeId
  readonly nodes: readonly NodeProgress[]
  readonly speaks?: Speaks
  /** Of the wall clock where it comes from, in milliseconds. */
  readonly clock?: number
  /** What people are to be told of that coordinator. */
  readonly troubles?: readonly CoordinatorTrouble[]
}
/** A coordinator does not have what another one said of a node's report; `boot`, `number`, `event`: what it has. */
export interface ReportWanted {
  readonly kind: 'report-wanted'
  readonly from: NodeId
  readonly to: NodeId
  readonly name: string
  readonly boot: string | null
  readonly number: number
  readonly event: number
}
export interface ReportAnswer {
  readonly kind: 'report'
  readonly from: NodeId
  readonly to: NodeId
  readonly name: string
  readonly ageMs: number
  readonly report: AgentReport
}
/** About nodes, beside Raft. */
export type NodesMessage = Nodes | ReportWanted | ReportAnswer
/** For the core. */
export type CoreMessage = Exclude<Message, InstallSnapshot> | Ask | Answer
/** What goes over a link as it is. */
export type PeerMessage = CoreMessage | NodesMessage
export const isAboutNodes = (message: PeerMessage): message is NodesMessage =>
  message.kind === 'nodes' || message.kind === 'report-wanted' || message.kind === 'report'
/**
 * Connections to the other coordinators. A message may be lost, and is never doubled; those to one peer that arrive come in their
 * order, snapshots aside. What is heard comes from who it says: from the peer with that id, by its key.
 */
export interface LinksPort {
  /**
   * With whom this node speaks from now on; connections of all others end. `until`: a coordinator with an id up to that which is none of
   * them was removed, and is told so when it comes.
   */
  know(peers: readonly Peer[], until?: NodeId): void
  send(message: PeerMessage): void
  /** `state` beside it, whatever its size; other messages overtake it. Says whether all of it has left. */
  sendSnapshot(message: InstallSnapshot, state: string, done: (ok: boolean) => void): void
  /** Nothing is heard any more; says when all of it is gone. */
  close(closed: () => void): void
}
export interface LinksHeard {
  /** That peer says that this coordinator was removed. */
  removed(by: NodeId): void
  heard(message: PeerMessage): void
  /** It has arrived as a whole. */
  snapshot(message: InstallSnapshot, state: string): void
}
