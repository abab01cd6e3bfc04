/** Alerts as this node has them: the book, what is being told now, and what could not be told. */
import { after, type Instant, NEVER_BEFORE } from '@lvsm/base'
import type { CauseReport, KeptAlerts, Tellings } from '@lvsm/protocol'
import type { ReplyTo } from '../command/pending.ts'
import { type Book, newBook } from './book.ts'
import { type Due, mergeTold } from './tell.ts'

/** On its way to a receiver. */
export interface Flight {
  readonly id: string
  readonly dues: readonly Due[]
  readonly until: Instant
  /** What it leaves out, silenced, where by what it says nothing lasts any more. */
  readonly leaves: readonly string[]
}
export interface Failing {
  readonly times: number
  readonly reason: string
  readonly at: Instant
  /** The receiver as it was written then. */
  readonly written: string
  /** Another node told that receiver since, or nothing is left to try it with. */
  readonly eased: boolean
}
/** Somebody wants to see whether a receiver can be told. */
export interface TestRun {
  readonly receiver: string
  readonly replyTo: ReplyTo
  readonly until: Instant
}
export interface Alerting {
  readonly book: Book
  /** By receiver. */
  readonly flights: Map<string, Flight>
  readonly failing: Map<string, Failing>
  /** By receiver: what it did not take, since all that is due was tried. */
  readonly refused: Map<string, ReadonlySet<string>>
  /** By receiver: messages that this process sent, without those that somebody tried. */
  readonly messages: Map<string, Tellings>
  /** By id. */
  readonly tests: Map<string, TestRun>
  own: readonly CauseReport[]
  lookAt: Instant
  /** Until then it listens: others may know what was told. */
  readonly listensUntil: Instant
  /** The next of the entries that had no room in a message. */
  turn: number
  /** Of causes, where they have no room in one message: the last one that was said, and how many times all of them were. */
  causesSaid: { readonly last: string; readonly turn: number }
  /** The next of the causes whose details had no room in a message. */
  detailed: number
  /** What the disk has. */
  kept: string
  /** By receiver: who told it last, as far as this node knows. */
  readonly senders: Map<string, string>
  /** By receiver: what lasted silenced when it was told that nothing does; as far as this process told it. */
  readonly closed: Map<string, Set<string>>
  serial: number
}

/** Until others were heard, and own troubles are known. Milliseconds. */
const LISTEN_MS = 6000

export function newAlerting(kept: KeptAlerts | null, startedAt: Instant, wallMs: number): Alerting {
  const book = newBook()
  if (kept) {
    const downMs = Math.max(0, wallMs - kept.wallMs)
    const older = <T extends { readonly ageMs: number }>(one: T): T => ({ ...one, ageMs: one.ageMs + downMs })
    const told = kept.told.map((entry) => ({
      ...older(entry),
      told: Object.fromEntries(Object.entries(entry.told).map(([receiver, one]) => [receiver, older(one)])),
    }))
    mergeTold(book, told, startedAt, wallMs)
  }
  return {
    book,
    flights: new Map(),
    failing: new Map(),
    refused: new Map(),
    messages: new Map(),
    tests: new Map(),
    own: [],
    lookAt: NEVER_BEFORE,
    listensUntil: after(startedAt, LISTEN_MS),
    turn: 0,
    causesSaid: { last: '', turn: 0 },
    detailed: 0,
    kept: '',
    senders: new Map(),
    closed: new Map(),
    serial: 0,
  }
}
