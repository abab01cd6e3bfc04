/**
 * A flight recorder: what was, piece by piece, of the last minutes. A piece is kept when it changes; what is too old, or too much, goes
 * into what was at the beginning. Bounded in time and in room, and nothing here waits for anything.
 */
import type { Items } from './items.ts'

/** So far back it goes, at most. Milliseconds. */
export const LONGEST_RECORDED_MS = 15 * 60_000
/** And so much of it is kept, the beginning included. UTF-16 units, as text. */
export const MOST_RECORDED_TEXT = 4 << 20
/** Whoever records does it so often at least; where it did not, it stood still, and what was then is not known. Milliseconds. */
export const LONGEST_PAUSE_MS = 15_000
/** Of one line of what came in. UTF-16 units. */
export const LONGEST_HAPPENING = 300

/** What changed at one moment. */
export interface Frame {
  /** Milliseconds of a clock that only goes forward, and what the wall clock was ahead of it. */
  readonly at: number
  readonly aheadMs: number
  /** When it was recorded before. */
  readonly seenAt: number
  /** Null: it is gone. */
  readonly changes: ReadonlyMap<string, string | null>
  readonly happened: readonly string[]
}
export interface Beginning {
  readonly at: number
  readonly aheadMs: number
  readonly items: Items
}
export interface Recording {
  readonly beginning: Beginning
  readonly frames: readonly Frame[]
  readonly seenAt: number
}
export interface Happened {
  readonly at: number
  readonly text: string
}
export interface Found {
  readonly items: Items
  /** What came in until then, the newest last. */
  readonly happened: readonly Happened[]
}

/** Beside its text. */
const FRAME_ROOM = 100
const roomOf = (changes: ReadonlyMap<string, string | null>): number =>
  [...changes].reduce((sum, [name, text]) => sum + name.length + (text?.length ?? 0), 0)
const frameRoom = ({ changes, happened }: Frame): number =>
  FRAME_ROOM + roomOf(changes) + happened.reduce((sum, text) => sum + text.length, 0)

export class Recorder {
  readonly #longestMs: number
  readonly #mostText: number
  #beginning: { at: number; aheadMs: number; items: Map<string, string> } | null = null
  #latest: Items = new Map()
  readonly #frames: Frame[] = []
  #seenAt = Number.NEGATIVE_INFINITY
  #room = 0
  #waiting: string[] = []

  constructor(longestMs = LONGEST_RECORDED_MS, mostText = MOST_RECORDED_TEXT) {
    this.#longestMs = longestMs
    this.#mostText = mostText
  }

  /** Something came in: it is kept with what is recorded next. */
  happened(text: string): void {
    this.#waiting.push(text.slice(0, LONGEST_HAPPENING))
  }

  record(items: Items, at: number, aheadMs: number): void {
    const happened = this.#waiting
    this.#waiting = []
    const changes = this.#beginning ? changed(this.#latest, items) : new Map<string, string | null>()
    const isPaused = at - this.#seenAt > LONGEST_PAUSE_MS
    if (!this.#beginning) {
      this.#beginning = { at, aheadMs, items: new Map(items) }
      this.#room = roomOf(items)
    }
    if (changes.size > 0 || happened.length > 0 || (isPaused && this.#seenAt >= this.#beginning.at)) {
      const frame: Frame = { at, aheadMs, seenAt: Math.max(this.#seenAt, this.#beginning.at), changes, happened }
      this.#frames.push(frame)
      this.#room += frameRoom(frame)
    }
    this.#latest = items
    this.#seenAt = at
    this.#forget(at)
  }

  /** Null: nothing is recorded yet. */
  get recording(): Recording | null {
    return this.#beginning && { beginning: this.#beginning, frames: this.#frames, seenAt: this.#seenAt }
  }

  #forget(now: number): void {
    const first = this.#beginning
    if (!first) return
    const isOld = ({ at }: Frame): boolean => now - at > this.#longestMs
    let gone = 0
    for (const frame of this.#frames) {
      if (!isOld(frame) && this.#room <= this.#mostText) break
      this.#room -= frameRoom(frame)
      for (const [name, text] of frame.changes) this.#begin(first.items, name, text)
      first.at = frame.at
      first.aheadMs = frame.aheadMs
      gone += 1
    }
    this.#frames.splice(0, gone)
    if (now - first.at > this.#longestMs) first.at = now - this.#longestMs
    if (this.#room <= this.#mostText) return
    // Even one moment is more than there is room for.
    this.#beginning = null
    this.#latest = new Map()
  }
  #begin(items: Map<string, string>, name: string, text: string | null): void {
    const before = items.get(name)
    if (before !== undefined) this.#room -= name.length + before.length
    if (text === null) return void items.delete(name)
    items.set(name, text)
    this.#room += name.length + text.length
  }
}

function changed(before: Items, items: Items): Map<string, string | null> {
  const changes = new Map<string, string | null>()
  for (const [name, text] of items) if (before.get(name) !== text) changes.set(name, text)
  for (const name of before.keys()) if (!items.has(name)) changes.set(name, null)
  return changes
}

/** What was at that moment; null: it is not recorded. */
export function recordedAt({ beginning, frames, seenAt }: Recording, at: number): Found | null {
  if (at < beginning.at || at > seenAt + LONGEST_PAUSE_MS) return null
  const next = frames.find((frame) => frame.at > at)
  if (next && next.at - next.seenAt > LONGEST_PAUSE_MS && at > next.seenAt) return null
  const items = new Map(beginning.items)
  const until = frames.filter((frame) => frame.at <= at)
  for (const { changes } of until)
    for (const [name, text] of changes)
      if (text === null) items.delete(name)
      else items.set(name, text)
  return { items, happened: until.flatMap((frame) => frame.happened.map((text) => ({ at: frame.at, text }))) }
}

/** Parts without a pause, the oldest first. */
export function spansOf({ beginning, frames, seenAt }: Recording): { readonly from: number; readonly to: number }[] {
  const pauses = frames.filter((frame) => frame.at - frame.seenAt > LONGEST_PAUSE_MS)
  const starts = [beginning.at, ...pauses.map(({ at }) => at)]
  const ends = [...pauses.map((frame) => frame.seenAt), seenAt]
  return starts.map((from, at) => ({ from, to: ends[at] ?? from }))
}

/** A wall clock goes its own way by so much. Milliseconds. */
const DRIFT_MS = 2000
export const clockWasSet = ({ beginning, frames }: Recording, aheadMs: number): boolean =>
  [beginning, ...frames].some((one) => Math.abs(one.aheadMs - aheadMs) > DRIFT_MS)
