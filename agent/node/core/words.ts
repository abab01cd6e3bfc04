/** What reconcilers say to each other through the lease processes: JSON in at most `LONGEST_WORD` characters. */
import type { Refusal, Trouble } from '@lvsm/base'
import type { HistoryEvent, NodeState } from '@lvsm/model'

/** Under the relay's limit in bytes, with room for letters beyond ASCII. */
export const LONGEST_WORD = 6000

export interface StateWord {
  readonly w: 'state'
  readonly revision: number
  /** Digest of what all nodes must agree on. */
  readonly agreement: string
  readonly state: NodeState
  readonly reason: string
  readonly standby: boolean
  /** Group → why this node could not take it now; empty text: it could. */
  readonly ready: Readonly<Record<string, string>>
  /** Ping node → does this node reach it? Null: not known yet. */
  readonly pings: Readonly<Record<string, boolean | null>>
  readonly troubles: readonly Trouble[]
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
export type Word = StateWord | TableWord | AskWord | ReplyWord | PrepareWord

const KINDS = new Set(['state', 'table', 'ask', 'reply', 'prepare', 'prepared'])

/** Null for what no version of ours said. Senders are authenticated by the lease processes, so shapes are trusted once named. */
export function readWord(text: string): Word | null {
  try {
    const word = JSON.parse(text) as Word | null
    return word !== null && typeof word === 'object' && KINDS.has(word.w) ? word : null
  } catch {
    return null
  }
}

const cut = (text: string, length: number): string => (text.length > length ? `${text.slice(0, length - 1)}…` : text)

/** Fits: troubles and events beyond the limit are left out, sentences are cut. */
export function writeState(word: StateWord): string {
  const troubles = word.troubles.slice(0, 8).map((trouble) => ({
    ...trouble,
    message: cut(trouble.message, 240),
    ...(trouble.hint === undefined ? {} : { hint: cut(trouble.hint, 160) }),
  }))
  let events = word.events.slice(-10).map((event) => ({ ...event, reason: cut(event.reason, 160) }))
  for (;;) {
    const text = JSON.stringify({ ...word, reason: cut(word.reason, 300), troubles, events })
    if (text.length <= LONGEST_WORD) return text
    if (events.length > 0) events = events.slice(1)
    else if (troubles.length > 0) troubles.pop()
    else return text
  }
}

/** As many words as the tables need. */
export function writeTables(tables: ReadonlyMap<string, readonly DestReport[]>): string[] {
  const words: string[] = []
  let services: Record<string, DestReport[]> = {}
  let size = 0
  for (const [name, dests] of tables) {
    for (const dest of dests) {
      const report = { ...dest, reason: cut(dest.reason, 120) }
      const length = JSON.stringify(report).length + name.length + 8
      if (size + length > LONGEST_WORD) {
        words.push(JSON.stringify({ w: 'table', services }))
        services = {}
        size = 0
      }
      services[name] = [...(services[name] ?? []), report]
      size += length
    }
  }
  return size > 0 ? [...words, JSON.stringify({ w: 'table', services })] : words
}

export const refused = (code: string, message: string, hint: string): { readonly refusals: readonly Refusal[] } => ({
  refusals: [{ code, message, hint }],
})
