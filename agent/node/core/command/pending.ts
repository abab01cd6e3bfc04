/** Commands under way as data: whose they are, and how far they are. */
import { type Command, type LocalWord, type Outcome } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'

/** Who wants to know how a command ended. */
export type ReplyTo =
  | { readonly kind: 'operator'; readonly id: string }
  | { readonly kind: 'peer'; readonly node: string; readonly id: string }
  /** The move is a step of this node's own way to standby. */
  | { readonly kind: 'standby' }

/** A command that another node carries out. */
export interface Ask {
  readonly id: string
  readonly to: string
  readonly text: string
  readonly since: Instant
  readonly replyTo: ReplyTo
  sentAt: Instant
}
/** This node's way to standby, and back: groups are handed over one after the other, then the lease process is told. */
export interface StandbyRun {
  readonly on: boolean
  readonly began: Instant
  /** The word that was given here; null: what holds already is carried out. */
  readonly word: LocalWord | null
  readonly reason: string
  /** Null: nobody waits, or it was answered before it ended. */
  replyTo: ReplyTo | null
  readonly groups: string[]
  /** How the move of the last group ended; null while it is under way. */
  vacated: Outcome | null
  /** Since when the lease process is waited for; null while groups move. */
  toldAt: Instant | null
}

/** Commands whose fields are an operator's or a peer's, kept under the id of whoever waits. */
export type Asked = { readonly command: Command; readonly replyTo: ReplyTo; readonly mayForward: boolean }
