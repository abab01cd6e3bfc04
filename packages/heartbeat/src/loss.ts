/**
 * How much of what a peer sends here is lost. Sequence numbers alone do not tell: one stream goes to all peers, so that what each
 * gets has holes. So now and then a sender says how many datagrams it addressed to this very process start before this one, and
 * what arrived between two such words is compared with what was sent between them: nothing under way makes a difference, a restart
 * begins anew, and what a sender does not send is not lost.
 *
 * Where two nodes share several links it says as well how many heartbeats of their own went over each, which take turns over them
 * (route.ts): so each link is measured by itself, whatever ails another one.
 */
import { after, between, type Instant, NEVER_BEFORE, type Timing } from '@lvsm/base'
import { type Loss, Tally } from './tally.ts'

/** It is measured over 15 s, or so many deadtimes; a word of the sender is due so many times in that. */
const WINDOW = { ms: 15_000, deadtimes: 10, words: 20 } as const
/** Deadtimes: who was silent for that long was cut off, or stood still, which is said otherwise. */
const CUT_OFF = 3

export const lossWindowMs = ({ deadtimeMs }: Timing): number => Math.max(WINDOW.ms, WINDOW.deadtimes * deadtimeMs)
/** A sender says so often how much it sent. Milliseconds. */
export const lossWordMs = (timing: Timing): number => lossWindowMs(timing) / WINDOW.words

/** What a sender keeps: how many datagrams went to a process start, and when that one was told. */
export interface SentTo {
  readonly to: string
  count: number
  /** Heartbeats of their own over each of our links. */
  readonly byLink: number[]
  toldAt: Instant
}
export interface SentOver {
  /** Of our own. */
  readonly link: number
  readonly count: number
}
export interface Arrived {
  readonly incarnation: string
  /** Our own, by which it came. */
  readonly link: number
  /** A heartbeat of its own. */
  readonly alone: boolean
  /** How many were addressed to us before it; null where it does not say. */
  readonly sent: number | null
  /** Of these, heartbeats of their own over each of several links that both have; null where it does not say. */
  readonly over: readonly SentOver[] | null
  /** False: should there be loss, it has another name. */
  readonly mayBegin: boolean
}
export interface LinkLoss {
  readonly link: number
  readonly loss: Loss
  readonly isLossy: boolean
  /** That, or less of it for a while: else one loss would be told of the node and of a link in turns. */
  readonly isSome: boolean
}
interface Link {
  readonly tally: Tally
  alone: number
  heardAt: Instant
}

/** Of one peer. */
export class LossMeter {
  readonly #all = new Tally()
  readonly #links = new Map<number, Link>()
  /** Over so many the peer sends by turns, whatever comes over them. */
  #shared = 1
  #incarnation = ''
  #arrived = 0
  #byLink: number[] = []
  #heardAt: Instant = NEVER_BEFORE

  /** A datagram that counts came. */
  arrive(one: Arrived, now: Instant, timing: Timing): void {
    if (one.incarnation !== this.#incarnation || this.#isCutOff(now, timing)) this.forget()
    this.#incarnation = one.incarnation
    this.#heardAt = now
    const link = this.#links.get(one.link)
    if (link && one.alone && this.#isLinkCut(link, now, timing)) link.tally.forget()
    this.#take(one, now, timing)
    this.#arrived += 1
    this.#byLink[one.link] = (this.#byLink[one.link] ?? 0) + 1
    if (!one.alone) return
    const { tally = new Tally(), alone = 0 } = link ?? {}
    this.#links.set(one.link, { tally, alone: alone + 1, heardAt: now })
  }

  /** What was before says nothing any more, of the peer as a whole, and of this link; without one: of any. */
  forget(link?: number): void {
    this.#all.forget()
    if (link === undefined) this.#links.clear()
    else this.#links.get(link)?.tally.forget()
  }

  /** Null: too little is lost, or it is not known. */
  loss(now: Instant, timing: Timing): Loss | null {
    return this.#all.isLossy && !this.#isCutOff(now, timing) ? this.#all.measured() : null
  }

  /** Of each link that is known by itself; null: none is, or not lately. */
  byLink(now: Instant, timing: Timing): readonly LinkLoss[] | null {
    if (this.#isCutOff(now, timing)) return null
    const windowMs = this.#windowMs(timing)
    const known = [...this.#links].filter(
      ([, { tally }]) => tally.lastWord && between(tally.lastWord.at, now) <= windowMs,
    )
    if (known.length === 0) return null
    return known.map(([link, one]) => {
      const loss = one.tally.measured()
      const isLossy = one.tally.isLossy && !this.#isLinkCut(one, now, timing)
      return { link, loss, isLossy, isSome: isLossy || one.tally.isSome }
    })
  }

  /** Each link carries its part of the heartbeats. */
  #windowMs = (timing: Timing): number => lossWindowMs(timing) * this.#shared
  #isCutOff = (now: Instant, { deadtimeMs }: Timing): boolean => now >= after(this.#heardAt, CUT_OFF * deadtimeMs)
  #isLinkCut = ({ heardAt }: Link, now: Instant, { deadtimeMs }: Timing): boolean =>
    now >= after(heardAt, CUT_OFF * deadtimeMs * this.#shared)

  #take({ sent, over, mayBegin }: Arrived, now: Instant, timing: Timing): void {
    if (sent === null) return
    if (over) this.#shared = Math.max(1, over.length)
    const word = { at: now, sent, arrived: this.#arrived, byLink: [...this.#byLink] }
    this.#all.take(word, mayBegin ? 'known' : 'never', { ms: lossWindowMs(timing), words: WINDOW.words })
    for (const { link, count } of over ?? []) {
      const one = this.#links.get(link)
      // Several words without anything between them are one gap.
      if (!one || one.alone === one.tally.lastWord?.arrived) continue
      const said = { at: now, sent: count, arrived: one.alone, byLink: [] }
      const window = { ms: this.#windowMs(timing), words: WINDOW.words * this.#shared }
      one.tally.take(said, this.#all.isLossy ? 'now' : 'known', window)
    }
  }
}
