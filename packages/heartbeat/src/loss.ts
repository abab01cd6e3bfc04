/**
 * How much of what a peer sends here is lost. Sequence numbers alone do not tell: one stream goes to all peers, so that what each
 * gets has holes. So now and then a sender says how many datagrams it addressed to this very process start before this one, and
 * what arrived between two such words is compared with what was sent between them: nothing under way makes a difference, a restart
 * begins anew, and what a sender does not send is not lost.
 */
import { after, between, type Instant, NEVER_BEFORE, type Timing } from '@lvsm/base'

/** What was lost of what was sent, over how long, and over which of our links the rest came. */
export interface Loss {
  readonly sent: number
  readonly lost: number
  readonly overMs: number
  /** By index of our own links. */
  readonly byLink: readonly number[]
}

/** It is measured over 15 s, or so many deadtimes; a word of the sender is due so many times in that. */
const WINDOW = { ms: 15_000, deadtimes: 10, words: 20 } as const
/** Part of the window that must be known. */
const KNOWN = 2 / 3
/** Of fewer nobody can tell a share. */
const LEAST_SENT = 20
/** Parts that are lost: where it begins, and below which it ends; and between how many words it must be so: one gap is a cut. */
const LOSSY = { from: 0.2, until: 0.1, times: 3 } as const
/** Deadtimes: who was silent for that long was cut off, or stood still, which is said otherwise. */
const CUT_OFF = 3

export const lossWindowMs = ({ deadtimeMs }: Timing): number => Math.max(WINDOW.ms, WINDOW.deadtimes * deadtimeMs)
/** A sender says so often how much it sent. Milliseconds. */
export const lossWordMs = (timing: Timing): number => lossWindowMs(timing) / WINDOW.words

/** What a sender keeps: how many datagrams went to a process start, and when that one was told. */
export interface SentTo {
  readonly to: string
  count: number
  toldAt: Instant
}
export interface Arrived {
  readonly incarnation: string
  /** Our own, by which it came. */
  readonly link: number
  /** How many were addressed to us before it; null where it does not say. */
  readonly sent: number | null
  /** False: should there be loss, it has another name. */
  readonly mayBegin: boolean
}
interface Word {
  readonly at: Instant
  readonly sent: number
  readonly arrived: number
  readonly byLink: readonly number[]
}

/** Of one peer. */
export class LossMeter {
  #incarnation = ''
  #arrived = 0
  #byLink: number[] = []
  #words: Word[] = []
  #heardAt: Instant = NEVER_BEFORE
  #lossy = false

  /** A datagram that counts came. */
  arrive({ incarnation, link, sent, mayBegin }: Arrived, now: Instant, timing: Timing): void {
    if (incarnation !== this.#incarnation || this.#isCutOff(now, timing)) this.forget()
    this.#incarnation = incarnation
    this.#heardAt = now
    if (sent !== null)
      this.#take({ at: now, sent, arrived: this.#arrived, byLink: [...this.#byLink] }, mayBegin, timing)
    this.#arrived += 1
    this.#byLink[link] = (this.#byLink[link] ?? 0) + 1
  }

  /** What was before says nothing any more. */
  forget(): void {
    this.#words = []
    this.#lossy = false
  }

  /** Null: too little is lost, or it is not known. */
  loss(now: Instant, timing: Timing): Loss | null {
    return this.#lossy && !this.#isCutOff(now, timing) ? this.#measured() : null
  }

  #isCutOff = (now: Instant, { deadtimeMs }: Timing): boolean => now >= after(this.#heardAt, CUT_OFF * deadtimeMs)

  #take(word: Word, mayBegin: boolean, timing: Timing): void {
    // It counts anew, or a datagram overtook another: as if it began now.
    if (word.sent < (this.#words.at(-1)?.sent ?? 0)) this.forget()
    this.#words.push(word)
    const windowMs = lossWindowMs(timing)
    this.#words = this.#words.filter(({ at }) => between(at, word.at) <= windowMs).slice(-2 * WINDOW.words)
    const found = this.#measured()
    const isKnown = found.sent >= LEAST_SENT && found.overMs >= KNOWN * windowMs && this.#times() >= LOSSY.times
    const part = found.sent === 0 ? 0 : found.lost / found.sent
    this.#lossy = ((isKnown && mayBegin) || this.#lossy) && part >= (this.#lossy ? LOSSY.until : LOSSY.from)
  }

  /** Between how many words of the sender something was lost. */
  #times(): number {
    const lost = ({ sent, arrived }: Word): number => sent - arrived
    return this.#words.filter((word, at) => at > 0 && lost(word) > lost(this.#words[at - 1] ?? word)).length
  }

  #measured(): Loss {
    const [first] = this.#words
    const last = this.#words.at(-1)
    if (!first || !last) return { sent: 0, lost: 0, overMs: 0, byLink: [] }
    const sent = last.sent - first.sent
    const byLink = Array.from(last.byLink, (count = 0, link) => count - (first.byLink[link] ?? 0))
    return {
      sent,
      lost: Math.max(0, sent - (last.arrived - first.arrived)),
      overMs: between(first.at, last.at),
      byLink,
    }
  }
}
