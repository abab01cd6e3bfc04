/**
 * The candidate: when to poll, when to ask, when to withdraw (PROTOCOL.md, section 5).
 *
 * Laws:
 * - it asks a moment before a majority's votes are free, one step later for each ready candidate that goes before it,
 *   and neither polls nor asks while its own node's acceptor sees that the holder renews;
 * - it asks with a number above every number it heard of;
 * - an attempt without a majority ends by a withdrawal (RELEASE to all) and a random back-off, so that rivals that
 *   split the votes do not meet again;
 * - only a successor named by the holder asks out of turn, and only for one lease.
 */
import { type Busy, type Free } from '@lvsm/protocol'
import { after, type Instant, later, NEVER_BEFORE, type Random, randomBetween, type Timing } from '@lvsm/base'
import { VoteTable } from './vote-table.ts'

export interface Situation {
  readonly eligible: boolean
  /** How many ready candidates go before this one. */
  readonly rank: number
  /** Until when this node's own acceptor misses no renewal of the holder: so long nobody's vote is free. */
  readonly renewedUntil: Instant
  readonly timing: Timing
  readonly voters: readonly string[]
  /** Votes that make a majority. */
  readonly needed: number
  /** Lease numbers of this epoch are above this one. */
  readonly numbersFrom: number
}
export type Move = 'poll' | 'ask' | 'withdraw'
export interface Plan {
  readonly move: Move
  readonly at: Instant
}
interface Attempt {
  readonly firstSequence: number
  readonly refusedBy: Set<string>
  readonly urgent: boolean
  number: number
  resendAt: Instant
  until: Instant
}

const NEVER = Number.POSITIVE_INFINITY as Instant
/** Words of voters count for so many keepalives. */
export const FRESH_KEEPALIVES = 3
/** One rank's head start: more than two round trips and jitter on a network for which the keepalive is sane. */
export const stepMs = (timing: Timing): number => Math.max(10, timing.keepaliveMs / 4)
/**
 * A candidate asks so long before the votes are free, and the voters let the request wait: about as long as a process
 * that was woken, and one datagram, need.
 */
export const leadMs = (timing: Timing): number => Math.max(5, timing.keepaliveMs / 8)
/** Two round trips without a majority, and an attempt is over. */
export const attemptMs = (timing: Timing): number => Math.max(20, timing.keepaliveMs / 2)
const urgentResendMs = (timing: Timing): number => Math.max(2, timing.keepaliveMs / 8)

export class Candidate {
  readonly voteTable = new VoteTable()
  readonly #random: Random
  #attempt: Attempt | null = null
  #pollAt: Instant = NEVER_BEFORE
  #backOffUntil: Instant = NEVER_BEFORE
  #urgentUntil: Instant = NEVER_BEFORE

  constructor(random: Random) {
    this.#random = random
  }

  get asking(): boolean {
    return this.#attempt !== null
  }

  /** The next thing to do, and when; null when there is nothing to do. */
  plan(situation: Situation, now: Instant): Plan | null {
    const attempt = this.#attempt
    if (attempt) {
      if (!situation.eligible || now >= attempt.until) return { move: 'withdraw', at: now }
      return attempt.resendAt < attempt.until
        ? { move: 'ask', at: attempt.resendAt }
        : { move: 'withdraw', at: attempt.until }
    }
    if (!situation.eligible) return null
    const askAt = this.#askAt(situation, now)
    const pollAt = later(this.#pollAt, situation.renewedUntil)
    // A poll right before the question would only hold it up, unless the voters' words are too old by then.
    const outdated = this.#freeAt(situation, askAt) !== this.#freeAt(situation, now)
    const lastPoll = outdated ? askAt : after(askAt, -stepMs(situation.timing))
    const pollFirst = now < askAt && later(pollAt, now) < lastPoll
    return pollFirst ? { move: 'poll', at: pollAt } : { move: 'ask', at: askAt }
  }

  #askAt(situation: Situation, now: Instant): Instant {
    const { rank, timing, renewedUntil } = situation
    if (now < this.#urgentUntil) return now
    const freeAt = this.#freeAt(situation, now)
    if (freeAt === null) return NEVER
    const turnAt = later(after(freeAt, rank * stepMs(timing) - leadMs(timing)), this.#backOffUntil)
    // What the voters said before that renewal is of yesterday.
    return turnAt < renewedUntil ? NEVER : turnAt
  }

  #nextNumber({ voters, needed, numbersFrom }: Situation): number {
    return this.voteTable.nextNumber(voters, needed, numbersFrom)
  }
  #freeAt({ timing, voters, needed }: Situation, now: Instant): Instant | null {
    return this.voteTable.majorityFreeAt(voters, needed, FRESH_KEEPALIVES * timing.keepaliveMs, now)
  }

  polled(timing: Timing, now: Instant): void {
    this.#pollAt = after(now, timing.keepaliveMs)
  }
  /** Something changed hands: look at once. Turns count from what the voters say now, so that all candidates keep their order. */
  pollSoon(): void {
    this.#pollAt = NEVER_BEFORE
    this.voteTable.outdate()
  }

  /** The lease number of the send that is about to leave. */
  asks(sequence: number, situation: Situation, now: Instant): number {
    const { timing } = situation
    const urgent = now < this.#urgentUntil
    const attempt = (this.#attempt ??= {
      firstSequence: sequence,
      refusedBy: new Set(),
      urgent,
      number: this.#nextNumber(situation),
      resendAt: NEVER,
      until: urgent ? this.#urgentUntil : after(now, attemptMs(timing)),
    })
    const again = sequence !== attempt.firstSequence
    if (attempt.urgent) attempt.resendAt = after(now, urgentResendMs(timing))
    else attempt.resendAt = again ? NEVER : after(now, attemptMs(timing) / 2)
    return attempt.number
  }

  /** The holder released the group for this node: ask at once, for as long as the votes are kept for it. */
  named(timing: Timing, now: Instant): void {
    this.#urgentUntil = after(now, timing.leaseMs)
    this.#attempt = null
  }

  heard(from: string, answer: Free | Busy, situation: Situation, now: Instant): void {
    this.voteTable.heard(from, answer, now)
    const attempt = this.#attempt
    if (!attempt || answer.kind !== 'busy' || answer.echo.sequence < attempt.firstSequence) return
    if (answer.reason === 'number') {
      if (answer.highWater < attempt.number) return
      const next = this.#nextNumber(situation)
      if (next > attempt.number) {
        attempt.number = next
        attempt.resendAt = now
        return
      }
    }
    attempt.refusedBy.add(from)
    const hopeless = attempt.refusedBy.size > situation.voters.length - situation.needed
    if (hopeless && !attempt.urgent) attempt.until = now
  }

  won(): void {
    this.#attempt = null
    this.#urgentUntil = NEVER_BEFORE
  }

  withdrew(timing: Timing, now: Instant): void {
    this.#attempt = null
    this.#urgentUntil = NEVER_BEFORE
    this.#backOffUntil = after(now, randomBetween(this.#random, stepMs(timing) / 2, 3 * stepMs(timing)))
    this.#pollAt = after(now, stepMs(timing) / 2)
  }
}
