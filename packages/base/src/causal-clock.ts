/**
 * A clock for the order of what happened on several nodes, and for nothing else: Lamport's, which goes on with time (hybrid logical
 * clocks, Kulkarni and others 2014; as in section 6 there, both parts are one number, of microseconds).
 *
 * - It goes on with the machine's monotonic clock. The wall clock is asked once, at the start: whoever sets it later changes no order.
 * - Whoever hears another one's time is later than that from then on: what was caused is later than its cause.
 * - Who has just started knows the time only by its wall clock, which may be a day ahead. It tells nobody, and takes the time of the
 *   first whom it hears, ahead or behind: it drags nobody along. Only where nobody is heard for five seconds its own guess counts.
 * - Where two that went on alone meet, the one that is behind follows, however far: else an effect would be told before its cause. But
 *   nobody is led near the end of the numbers: far in the future steps are short (`MOST_AHEAD`).
 */
import { after, type Instant } from './time.ts'

/** For so long who has just started listens before it believes its wall clock. */
export const LISTENS_MS = 5000
/** The year 2100, in microseconds: beyond it nobody is followed further than so far at once. */
const FAR = 4_102_444_800_000_000
const MOST_AHEAD = 10_000_000

/** What is known of it over a restart. */
export interface KeptClock {
  /** Microseconds. */
  readonly time: number
  readonly wallMs: number
}

const MICRO = 1000
const microseconds = (at: Instant): number => at * MICRO

export class CausalClock {
  /** What it is ahead of the monotonic clock. */
  #ahead: number
  /** Of the newest event here. */
  #last: number
  readonly #settlesAt: Instant
  #settled = false

  constructor(kept: KeptClock | null, now: Instant, wallMs: number) {
    const guess = kept ? kept.time + Math.max(0, wallMs - kept.wallMs) * MICRO : Math.max(0, wallMs) * MICRO
    this.#last = kept?.time ?? 0
    this.#ahead = guess - microseconds(now)
    this.#settlesAt = after(now, LISTENS_MS)
  }

  /** False: events wait for their time. */
  isSettled(now: Instant): boolean {
    this.#settled ||= now >= this.#settlesAt
    return this.#settled
  }
  get settlesAt(): Instant {
    return this.#settlesAt
  }
  /** What a restart has to know: a guess is not worth it. */
  kept(now: Instant): number {
    return this.isSettled(now) ? this.read(now) : this.#last
  }
  /** Later than all that happened here, and than all that was heard. */
  read(now: Instant): number {
    return Math.max(this.#last, Math.floor(this.#ahead + microseconds(now)))
  }
  /** Of an event here that happened at `at`: later than those before it. */
  stamp(at: Instant): number {
    this.#last = Math.max(this.#last + 1, Math.floor(this.#ahead + microseconds(at)))
    return this.#last
  }
  /** Another one's time; false: no honest clock shows it. */
  heard(time: number, now: Instant): boolean {
    const own = this.#ahead + microseconds(now)
    if (time > FAR && time - own > MOST_AHEAD) return false
    if (!this.isSettled(now)) {
      this.#settled = true
      this.#ahead = Math.max(time, this.#last) + 1 - microseconds(now)
    } else if (time + 1 > own) this.#ahead = time + 1 - microseconds(now)
    return true
  }
}
