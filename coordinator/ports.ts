/** What a coordinator asks of the world. */
import type { Entry, Fault, Persist, Stored } from '@lvsm/raft'

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
  /**
   * One transaction: all of it, or nothing. Answers come in the order of the writes; after a fault nothing of those behind it
   * was done, and they are not answered. `arrived`: the state that came with the snapshot that is installed.
   */
  write(persist: Persist, arrived: State | null, done: (done: Done<Result>) => void): void
  /** After what was written before. */
  read(done: (kept: Kept<State>) => void): void
}
