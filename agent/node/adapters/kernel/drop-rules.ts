/**
 * Rules of others' packet filters that drop or refuse. They are read in a thread (`agent/counts`), so that no look waits for them, and least
 * of all the one of a takeover: a look has what was read last.
 */
import { chainText, type DropRule } from '@lvsm/base'
import { dropRules } from '@lvsm/protocol'

const EVERY_MS = 5000
/** While a filter's end was seen once: rules that are loaded one by one have it before what they let in. */
const SOON_MS = 1000
/** Of so many times what it took last no more than one is spent on it. */
const REST = 20
const LONGEST_MS = 60_000
/** In a row: of a kernel without nf_tables, or one that changes under each attempt, nobody knows. */
const MOST_FAILED = 3

/** Calls back with what was read, as text; null: it could not be. */
export type AskDropRules = (done: (text: string | null) => void) => void

export class DropRules {
  readonly #ask: AskDropRules
  readonly #clock: () => number
  #known: readonly DropRule[] | undefined
  #text = ''
  /** Ends of filters, as of the last reading. */
  #ends: ReadonlySet<string> = new Set()
  #isWaiting = false
  #failed = 0
  #dueAt = Number.NEGATIVE_INFINITY

  /** `clock` in milliseconds. */
  constructor(ask: AskDropRules, clock: () => number) {
    this.#ask = ask
    this.#clock = clock
  }

  /** Undefined: nobody knows. */
  known(): readonly DropRule[] | undefined {
    const began = this.#clock()
    if (began >= this.#dueAt) {
      this.#dueAt = Number.POSITIVE_INFINITY
      this.#ask((text) => {
        const now = this.#clock()
        this.#take(text)
        const restMs = Math.max(this.#isWaiting ? SOON_MS : EVERY_MS, (now - began) * REST)
        this.#dueAt = now + Math.min(LONGEST_MS, restMs)
      })
    }
    return this.#known
  }

  #take(text: string | null): void {
    // The same is the same object: whoever judges it does so once.
    if (text !== null && text === this.#text && !this.#isWaiting) {
      this.#failed = 0
      return
    }
    const read = text === null ? undefined : dropRules.safeParse(JSON.parse(text)).data
    if (read === undefined) return this.#miss()
    this.#failed = 0
    this.#text = text ?? ''
    this.#known = read.filter((rule) => rule.accepts === undefined || this.#ends.has(endOf(rule)))
    this.#isWaiting = this.#known.length < read.length
    this.#ends = new Set(read.flatMap((rule) => (rule.accepts === undefined ? [] : [endOf(rule)])))
  }
  #miss(): void {
    this.#failed += 1
    if (this.#failed < MOST_FAILED) return
    this.#known = undefined
    this.#text = ''
  }
}

const endOf = (rule: DropRule): string => `${chainText(rule)} ${rule.handle}`
