/**
 * The books of one kernel fence element (agent/lease/FENCE.md, row 5 and section 5): until when it may be open at the latest.
 *
 * The kernel adds an element with a timeout, and renews it by `delete; add` in one transaction, which fails once the
 * element has expired. How long our call was under way is unknown, so after an acknowledgement the element expires
 * at the latest at `done + timeout + rounding`; while a call is out, an `open` has no bound at all.
 *
 * Laws:
 * - `open` only while nothing is out and the element is known to be closed;
 * - a renewal's timeout is at most deadline − (latest expiry so far): however late the kernel does it, the element
 *   was alive then, so it ends before the deadline;
 * - a call without an answer may have been carried out or not: the books keep the later end;
 * - once the latest expiry has passed there is no renewal: close, address off, begin again.
 */
import { after, earlier, type Instant, invariant, later, NEVER_BEFORE, ROUNDING_MS } from '@lvsm/base'

/**
 * What is known of a call: `done`, acknowledged; `refused`, the kernel said no and changed nothing; `unknown`, its answer got
 * lost, and it may have been carried out (man 7 netlink: ENOBUFS).
 */
export type CallResult = 'done' | 'refused' | 'unknown'

const UNBOUNDED = Number.POSITIVE_INFINITY as Instant
/** Under a tick of the kernel nothing can be renewed. */
export const SHORTEST_FENCE_MS = ROUNDING_MS

export class FenceElement {
  #latest: Instant = NEVER_BEFORE
  #before: Instant = NEVER_BEFORE
  #out = 0

  /** The latest instant at which the kernel may still hold the element. */
  get latest(): Instant {
    return this.#latest
  }
  /** Calls without an answer. */
  get out(): number {
    return this.#out
  }
  /** Nothing under way, and expired or closed for certain. */
  isClosed(now: Instant): boolean {
    return this.#out === 0 && now >= this.#latest
  }
  isOpen(now: Instant): boolean {
    return now < this.#latest
  }

  /** Found at start, or left by a predecessor: open for who knows how long. */
  distrust(): void {
    this.#latest = UNBOUNDED
  }

  /** The timeout of a renewal at `now`; null when it is too late, or would gain nothing. */
  renewalMs(now: Instant, deadline: Instant, fenceMs: number): number | null {
    const timeoutMs = this.carryMs(now, deadline, fenceMs)
    return timeoutMs !== null && now + timeoutMs > this.#latest ? timeoutMs : null
  }
  /** The same where the element must be made anew, be it with less than it has: its tables are replaced. */
  carryMs(now: Instant, deadline: Instant, fenceMs: number): number | null {
    if (this.#out > 0 || now >= this.#latest) return null
    const timeoutMs = Math.min(deadline - this.#latest, fenceMs)
    return timeoutMs >= SHORTEST_FENCE_MS ? timeoutMs : null
  }

  opening(now: Instant): void {
    invariant(this.isClosed(now), 'a fence element is opened only when it is known to be closed')
    this.#latest = UNBOUNDED
    this.#out += 1
  }
  renewing(timeoutMs: number): void {
    invariant(this.#out === 0, 'one renewal at a time')
    this.#before = this.#latest
    this.#latest = after(this.#latest, timeoutMs + ROUNDING_MS)
    this.#out += 1
  }
  closing(): void {
    this.#out += 1
  }

  /** The kernel's answers. After an `open` that was not acknowledged nothing is known; a refused renewal leaves the element as it was. */
  opened(result: CallResult, timeoutMs: number, done: Instant): void {
    this.#answered()
    if (result === 'done') this.#latest = after(done, timeoutMs + ROUNDING_MS)
  }
  renewed(result: CallResult, timeoutMs: number, done: Instant): void {
    this.#answered()
    if (result === 'done') this.#latest = earlier(after(done, timeoutMs + ROUNDING_MS), this.#latest)
    else if (result === 'refused') this.#latest = this.#before
  }
  closed(result: CallResult): void {
    this.#answered()
    if (result === 'done') this.#latest = NEVER_BEFORE
  }

  #answered(): void {
    invariant(this.#out > 0, 'one answer for each call')
    this.#out -= 1
  }
}

export const latestOf = (elements: readonly FenceElement[]): Instant =>
  elements.reduce((latest, element) => later(latest, element.latest), NEVER_BEFORE)
