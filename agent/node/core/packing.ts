/**
 * What a node tells in words of bounded length. Nothing is left out without saying so: readiness, events and tables go on in
 * more words, sentences are cut with an ellipsis, and troubles that do not fit are counted.
 */
import type { Severity, Trouble } from '@lvsm/base'
import type { HistoryEvent } from '@lvsm/model'
import { type DestReport, LONGEST_WORD, type MoreWord, type StateWord, type TableWord } from './words.ts'

/** Letters of a sentence. */
export const REASON = 300
const MESSAGE = 240
const HINT = 240
const EVENT = 200
const READINESS = 160
const DEST = 120
/** Bytes of all troubles together. */
const TROUBLES = 3000

/** Bytes of JSON as UTF-8. */
export function bytesOf(text: string): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    // Half of a surrogate pair; JSON has no half alone.
    const half = code >= 0xd800 && code <= 0xdfff
    bytes += code < 0x80 ? 1 : code < 0x800 || half ? 2 : 3
  }
  return bytes
}
const sizeOf = (value: unknown): number => bytesOf(JSON.stringify(value))
export const cut = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text

const SEVERITIES: readonly Severity[] = ['critical', 'warning', 'info']

/** The worst first; those without room are counted in the last one. */
function packTroubles(all: readonly Trouble[]): Trouble[] {
  const found = [...all]
    .sort((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity))
    .map((trouble) => ({
      ...trouble,
      message: cut(trouble.message, MESSAGE),
      ...(trouble.hint === undefined ? {} : { hint: cut(trouble.hint, HINT) }),
    }))
  let bytes = 0
  const fit = found.findIndex((trouble) => (bytes += sizeOf(trouble) + 1) > TROUBLES)
  if (fit < 0) return found
  const more: Trouble = {
    code: 'more-troubles',
    severity: found[fit]?.severity ?? 'info',
    message: `${found.length - fit} more troubles of this kind or less`,
    hint: 'ask that node itself to see them all: lvsm status there',
  }
  return [...found.slice(0, fit), more]
}

/** Fills one word after the other; `empty` makes the next, `put` adds a part to it. */
function fill<Word, Part>(
  first: Word,
  empty: () => Word,
  parts: readonly Part[],
  put: (word: Word, part: Part) => void,
): Word[] {
  const words = [first]
  let bytes = sizeOf(first)
  for (const part of parts) {
    const size = sizeOf(part) + 1
    if (bytes + size > LONGEST_WORD) {
      words.push(empty())
      bytes = sizeOf(words.at(-1))
    }
    put(words.at(-1) as Word, part)
    bytes += size
  }
  return words
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] }
type Part = { readonly ready: readonly [string, string] } | { readonly event: HistoryEvent }

/** The state of a node, and as many words more as its groups and events need. */
export function writeState(state: StateWord): string[] {
  const first: Writable<StateWord> = {
    ...state,
    reason: cut(state.reason, REASON),
    troubles: packTroubles(state.troubles),
    ready: {},
    events: [],
  }
  const parts: Part[] = [
    ...Object.entries(state.ready).map(([group, why]): Part => ({ ready: [group, cut(why, READINESS)] })),
    ...state.events.map((event): Part => ({ event: { ...event, reason: cut(event.reason, EVENT) } })),
  ]
  const empty = (): MoreWord => ({ w: 'more', ready: {}, events: [] })
  return fill<StateWord | MoreWord, Part>(first, empty, parts, (word, part) => {
    const open = word as Writable<MoreWord>
    if ('event' in part) open.events = [...open.events, part.event]
    else open.ready = { ...open.ready, [part.ready[0]]: part.ready[1] }
  }).map((word) => JSON.stringify(word))
}

/** As many words as the tables need; none for no table. */
export function writeTables(tables: ReadonlyMap<string, readonly DestReport[]>): string[] {
  const parts = [...tables].flatMap(([name, dests]) =>
    dests.map((dest) => ({ name, dest: { ...dest, reason: cut(dest.reason, DEST) } })),
  )
  if (parts.length === 0) return []
  const empty = (): Writable<TableWord> => ({ w: 'table', services: {} })
  return fill(empty(), empty, parts, (word, { name, dest }) => {
    word.services = { ...word.services, [name]: [...(word.services[name] ?? []), dest] }
  }).map((word) => JSON.stringify(word))
}

/** An answer to another node's reconciler; one that is too long says so instead. */
export function writeReply(id: string, answer: { readonly status: number; readonly body: unknown }): string {
  const text = JSON.stringify({ w: 'reply', id, ...answer })
  if (bytesOf(text) <= LONGEST_WORD) return text
  const message = `the answer is too long to be passed on: ${cut(JSON.stringify(answer.body), 1000)}`
  const refusal = { code: 'too-long', message, hint: 'look at lvsm status there, and ask that node itself' }
  return JSON.stringify({ w: 'reply', id, status: answer.status, body: { refusals: [refusal] } })
}
