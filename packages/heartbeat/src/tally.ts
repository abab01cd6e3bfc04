/** What a sender says it sent one way, compared with what came, between its words of the last while. */
import { between, type Instant } from '@lvsm/base'

/** What was lost of what was sent, over how long, and over which of our links the rest came. */
export interface Loss {
  readonly sent: number
  readonly lost: number
  readonly overMs: number
  /** By index of our own links. */
  readonly byLink: readonly number[]
}
export interface Word {
  readonly at: Instant
  readonly sent: number
  readonly arrived: number
  readonly byLink: readonly number[]
}
/** When loss may begin: by what this finds, as soon as three words tell of it (`now`), or never. */
export type Begins = 'known' | 'now' | 'never'

/** Words that are remembered for each that is due. */
const SPARE = 2
/** Part of the window that must be known. */
const KNOWN = 2 / 3
/** Of fewer nobody can tell a share. */
const LEAST_SENT = 20
/** Parts that are lost: where it begins, and below which it ends; and between how many words it must be so: one gap is a cut. */
const LOSSY = { from: 0.2, until: 0.1, times: 3 } as const

/** What is no single datagram, and when it is none any more: in a whole window not so much. Shares of few swing. */
const SOME = { from: 0.1, until: 0.05 } as const

export class Tally {
  #words: Word[] = []
  #lossy = false
  /** Null: none. */
  #someAt: Instant | null = null

  /** Less than what is told, and more than nothing. */
  get isSome(): boolean {
    return this.#someAt !== null
  }
  get isLossy(): boolean {
    return this.#lossy
  }
  get lastWord(): Word | undefined {
    return this.#words.at(-1)
  }

  /** `words`: so many are due in the window. */
  take(word: Word, begins: Begins, { ms, words }: { readonly ms: number; readonly words: number }): void {
    // It counts anew, or a datagram overtook another: as if it began now.
    if (word.sent < (this.lastWord?.sent ?? 0)) this.forget()
    this.#words.push(word)
    this.#words = this.#words.filter(({ at }) => between(at, word.at) <= ms).slice(-SPARE * words)
    const found = this.measured()
    const isKnown = begins === 'now' || (found.sent >= LEAST_SENT && found.overMs >= KNOWN * ms)
    const mayBegin = begins !== 'never' && isKnown && this.#times() >= LOSSY.times
    const part = found.sent === 0 ? 0 : found.lost / found.sent
    this.#lossy = (mayBegin || this.#lossy) && part >= (this.#lossy ? LOSSY.until : LOSSY.from)
    const mayBeSome = this.isSome || (begins !== 'never' && isKnown)
    if (mayBeSome && part >= (this.isSome ? SOME.until : SOME.from)) this.#someAt = word.at
    else if (this.#someAt !== null && between(this.#someAt, word.at) >= ms) this.#someAt = null
  }

  /** What was before says nothing any more. */
  forget(): void {
    this.#words = []
    this.#lossy = false
    this.#someAt = null
  }

  /** Between how many words of the sender something was lost. */
  #times(): number {
    const lost = ({ sent, arrived }: Word): number => sent - arrived
    return this.#words.filter((word, at) => at > 0 && lost(word) > lost(this.#words[at - 1] ?? word)).length
  }

  measured(): Loss {
    const [first] = this.#words
    const last = this.lastWord
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
