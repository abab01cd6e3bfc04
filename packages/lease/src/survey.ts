/**
 * What a candidate knows of the voters: when each of them would lend its vote, and the highest lease number so far.
 *
 * Laws: an answer to an older send never replaces one to a newer; silence is never taken for a free vote.
 */
import { after, DRIFT, type Instant } from '@lvsm/base'
import type { Busy, Free } from './messages.ts'

interface Word {
  readonly sequence: number
  readonly at: Instant
  /** When this voter is free, by our clock; Infinity when it refuses for another reason than time. */
  readonly freeAt: Instant
  readonly highWater: number
}
/** Asking a hair too early costs a back-off; asking this much late costs this much. */
const SLACK_MS = 1
const NEVER = Number.POSITIVE_INFINITY as Instant

export class Survey {
  readonly #words = new Map<string, Word>()
  #highest = 0

  heard(from: string, answer: Free | Busy, now: Instant): void {
    const known = this.#words.get(from)
    this.raise(answer.highWater)
    if (known && known.sequence > answer.echo.sequence) return
    this.#words.set(from, {
      sequence: answer.echo.sequence,
      at: now,
      freeAt: freeAt(answer, known, now),
      highWater: answer.highWater,
    })
  }

  /** A number was seen elsewhere: no new lease may have it, or a lower one. */
  raise(highWater: number): void {
    this.#highest = Math.max(this.#highest, highWater)
  }

  /** The number for a new lease: above all that a voter named. */
  get nextNumber(): number {
    return this.#highest + 1
  }

  /** When a majority will be free, by words not older than `freshMs`; null when no majority was heard. */
  majorityFreeAt(voters: readonly string[], needed: number, freshMs: number, now: Instant): Instant | null {
    const times = voters.flatMap((voter) => {
      const word = this.#words.get(voter)
      return word && now - word.at <= freshMs ? [word.freeAt] : []
    })
    return times.sort((a, b) => a - b)[needed - 1] ?? null
  }

  heardVoters(voters: readonly string[], freshMs: number, now: Instant): number {
    return voters.filter((voter) => now - (this.#words.get(voter)?.at ?? -NEVER) <= freshMs).length
  }
}

/** A voter that stays free is free since it first said so: the order of candidates counts from there. */
function freeAt(answer: Free | Busy, known: Word | undefined, now: Instant): Instant {
  if (answer.kind === 'free') return known && known.freeAt <= now ? known.freeAt : now
  if (answer.reason === 'number') return known ? known.freeAt : now
  if (answer.reason !== 'held' && answer.reason !== 'reserved') return NEVER
  return after(now, (answer.leftMs * (1 + DRIFT)) / (1 - DRIFT) + SLACK_MS)
}
