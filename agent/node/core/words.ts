/** What reconcilers say to each other through the lease processes: JSON in at most LONGEST_WORD bytes (see `packing`). */
import type { Refusal, Trouble } from '@lvsm/base'
import type { Agreement, HistoryEvent, NodeState } from '@lvsm/model'

/** Bytes; under the limit of the relay. */
export const LONGEST_WORD = 6000

export interface StateWord {
  readonly w: 'state'
  readonly revision: number
  /** Digests of what all nodes must agree on. */
  readonly agreement: Agreement
  readonly state: NodeState
  readonly reason: string
  readonly standby: boolean
  /** Group → why this node could not take it now; empty text: it could. Groups without room follow in more words. */
  readonly ready: Readonly<Record<string, string>>
  /** Ping node → does this node reach it? Null: not known yet. */
  readonly pings: Readonly<Record<string, boolean | null>>
  readonly troubles: readonly Trouble[]
  readonly events: readonly HistoryEvent[]
}
/** What had no room in the state. */
export interface MoreWord {
  readonly w: 'more'
  readonly ready: Readonly<Record<string, string>>
  readonly events: readonly HistoryEvent[]
}
export interface DestReport {
  readonly key: string
  readonly weight: number
  readonly healthy: boolean | null
  readonly active: number
  readonly inactive: number
  readonly reason: string
}
/** The owner's table of some services; a long one comes in several words. */
export interface TableWord {
  readonly w: 'table'
  readonly services: Readonly<Record<string, readonly DestReport[]>>
}
export interface AskWord {
  readonly w: 'ask'
  readonly id: string
  readonly request:
    | { readonly verb: 'switchover'; readonly body: { readonly group: string; readonly to?: string } }
    | { readonly verb: 'standby'; readonly body: { readonly name?: string; readonly on: boolean } }
}
export interface ReplyWord {
  readonly w: 'reply'
  readonly id: string
  readonly status: number
  readonly body: unknown
}
/** The owner to its successor: a planned move comes; and the answer that the kernel there is ready to hand packets back. */
export interface PrepareWord {
  readonly w: 'prepare' | 'prepared'
  readonly id: string
  readonly group: string
}
export type Word = StateWord | MoreWord | TableWord | AskWord | ReplyWord | PrepareWord

const KINDS = new Set(['state', 'more', 'table', 'ask', 'reply', 'prepare', 'prepared'])

/** Null for what no version of ours said. Senders are authenticated by the lease processes, so shapes are trusted once named. */
export function readWord(text: string): Word | null {
  try {
    const word = JSON.parse(text) as Word | null
    return word !== null && typeof word === 'object' && KINDS.has(word.w) ? word : null
  } catch {
    return null
  }
}

export const refused = (code: string, message: string, hint: string): { readonly refusals: readonly Refusal[] } => ({
  refusals: [{ code, message, hint }],
})
