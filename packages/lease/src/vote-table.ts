/**
 * What a candidate knows of the voters: when each of them would lend its vote, and the highest lease number so far.
 *
 * Laws: an answer to an older send never replaces one to a newer; silence is never taken for a free vote; a number far
 * above what a majority knows is nobody's guide, so that one voter cannot use the numbers up.
 */
import { type Busy, type Free } from '@lvsm/protocol'
import { after, DRIFT, type Instant, NEVER_BEFORE } from '@lvsm/base'
import { MOST_AHEAD } from './number.ts'

interface Word {
  readonly sequence: number
  readonly at: Instant
  /** When this voter is free, by our clock; Infinity when it refuses for another reason than time. */
  readonly freeAt: Instant
  readonly highWater: number
  /** Why it lends nothing, whatever time it is. */
  readonly never: Never | null
}
/** Of a busy answer: it does not know this list of addresses, or counts in another epoch. */
export type Never = 'unknown-list' | 'epoch'
/** Asking a hair too early costs a back-off; asking this much late costs this much. */
const SLACK_MS = 1
const NEVER = Number.POSITIVE_INFINITY as Instant

export class VoteTable {
  readonly #words = new Map<string, Word>()
  /** A number that was seen elsewhere. */
  #seen = 0

  heard(from: string, answer: Free | Busy, now: Instant): void {
    const known = this.#words.get(from)
    if (known && known.sequence > answer.echo.sequence) return
    this.#words.set(from, {
      sequence: answer.echo.sequence,
      at: now,
      freeAt: freeAt(answer, known, now),
      highWater: answer.highWater,
      never: answer.kind === 'busy' && isNever(answer.reason) ? answer.reason : null,
    })
  }

  /** The votes changed hands: when they are free is known anew, by what each voter says from now on. */
  outdate(): void {
    for (const [voter, word] of this.#words) this.#words.set(voter, { ...word, at: NEVER_BEFORE, freeAt: NEVER })
  }

  /** A holder named the number of its lease: a new one must have a higher one. */
  raise(number: number): void {
    this.#seen = Math.max(this.#seen, number)
  }
  /**
   * The number for a new lease. It must be above what each voter of a majority granted, and any two majorities share a
   * voter: the least number that a majority takes is new. Above it, all that is not out of reach is taken in as well, so
   * that every voter can grant it. `from`: no voter takes a lower one, whatever it has said.
   */
  nextNumber(voters: readonly string[], needed: number, from = 0): number {
    const known = voters.map((voter) => Math.max(from, this.#words.get(voter)?.highWater ?? from)).sort((a, b) => a - b)
    const least = known[needed - 1] ?? from
    const near = [...known, this.#seen].filter((number) => number <= least + MOST_AHEAD)
    return Math.max(least, ...near) + 1
  }

  /** When a majority will be free, by words not older than `freshMs`; null when no majority was heard. */
  majorityFreeAt(voters: readonly string[], needed: number, freshMs: number, now: Instant): Instant | null {
    const times = voters.flatMap((voter) => {
      const word = this.#words.get(voter)
      return word && now - word.at <= freshMs ? [word.freeAt] : []
    })
    return times.sort((a, b) => a - b)[needed - 1] ?? null
  }

  /** Voters that lend nothing for this reason, by words not older than `freshMs`. */
  refusing(voters: readonly string[], why: Never, freshMs: number, now: Instant): string[] {
    return voters.filter((voter) => {
      const word = this.#words.get(voter)
      return word?.never === why && now - word.at <= freshMs
    })
  }
}

const isNever = (reason: Busy['reason']): reason is Never => reason === 'unknown-list' || reason === 'epoch'

/** A voter that stays free is free since it first said so: the order of candidates counts from there. */
function freeAt(answer: Free | Busy, known: Word | undefined, now: Instant): Instant {
  if (answer.kind === 'free') return known && known.freeAt <= now ? known.freeAt : now
  if (answer.reason === 'number') return known ? known.freeAt : now
  if (answer.reason !== 'held' && answer.reason !== 'reserved') return NEVER
  return after(now, (answer.leftMs * (1 + DRIFT)) / (1 - DRIFT) + SLACK_MS)
}
