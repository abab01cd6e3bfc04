/**
 * Whose words are read now: one after the other, and no more than leaves a coordinator time for the others. Few words of a node are
 * read when they come; for many it waits for its turn, behind those who had fewer. Pure.
 */
import { after, between, type Instant, later, NEVER_BEFORE } from '@lvsm/base'

/** Bytes that a node may say at once, and in a second, without waiting: what an agent says in an hour without events. */
const FREE = 65_536
const OWN_PER_SECOND = 32_768
/** Of all that wait together: a megabyte that is as bad as can be takes a processor 0.2 s. */
const SHARED_PER_SECOND = 1 << 20
/** What a word costs beside its length. */
const EACH = 256

interface Debt {
  readonly bytes: number
  readonly at: Instant
}

export class Turns<Who> {
  readonly #debts = new Map<Who, Debt>()
  /** Who waits, with how many bytes. */
  readonly #waiting = new Map<Who, number>()
  #nextAt: Instant = NEVER_BEFORE

  /** False: it waits for its turn. One that waits already is asked in vain. */
  mayRead(who: Who, bytes: number, now: Instant): boolean {
    const debt = this.#debt(who, now)
    if (debt + bytes > FREE) {
      if (!this.#waiting.has(who)) this.#waiting.set(who, bytes)
      return false
    }
    this.#debts.set(who, { bytes: debt + bytes + EACH, at: now })
    return true
  }

  /** When `next` has somebody; null: nobody waits. */
  dueAt(): Instant | null {
    return this.#waiting.size === 0 ? null : this.#nextAt
  }
  /** Whose turn it is. */
  next(now: Instant): Who | null {
    if (now < this.#nextAt) return null
    const all = [...this.#waiting].map(([who, bytes]) => ({ who, bytes, after: this.#debt(who, now) + bytes }))
    const [first] = all.toSorted((one, other) => one.after - other.after)
    if (!first) return null
    const { who, bytes } = first
    this.#waiting.delete(who)
    this.#debts.set(who, { bytes: first.after + EACH, at: now })
    this.#nextAt = after(later(now, this.#nextAt), ((bytes + EACH) * 1000) / SHARED_PER_SECOND)
    return who
  }

  /** It is here no more. */
  forget(who: Who): void {
    this.#debts.delete(who)
    this.#waiting.delete(who)
  }

  #debt(who: Who, now: Instant): number {
    const { bytes = 0, at = now } = this.#debts.get(who) ?? {}
    return Math.max(0, bytes - (between(at, now) * OWN_PER_SECOND) / 1000)
  }
}
