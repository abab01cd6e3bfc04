/** One realserver of one pool, as the law sees it: what was heard of it, and what that comes to by the words of the manual. */
import type { DraftPool, DraftServer } from './draft.ts'
import type { Temper } from './tempers.ts'

const FLAPPING = { falls: 3, withinMs: 600_000 } as const
export const LONGEST_HOLD_MS = 300_000
const MOST_FALLS = 16
const NEVER = Number.NEGATIVE_INFINITY

export class Pair {
  readonly pool: DraftPool
  readonly server: DraftServer
  readonly temper: Temper
  /** Null: nothing is known since the agent began. */
  verdict: boolean | null = null
  #against = 0
  /** Answers that said something, since the agent began. */
  heard = 0
  /** Since when the verdict is what it is, true time. */
  since = NEVER
  #falls: number[] = []
  heldUntil = NEVER
  /** What its program said last; null: nothing. */
  weight: number | null = null
  /** Since when it says that. */
  weighedAt = NEVER
  /** When leaving, and coming, had a reason last. */
  mayLeaveAt = NEVER
  mayComeAt = NEVER
  /** When it left the table for new connections, since the agent began. */
  departures: number[] = []
  askedAt = NEVER
  /** A question is under way. */
  waits = false

  constructor(pool: DraftPool, server: DraftServer, temper: Temper) {
    this.pool = pool
    this.server = server
    this.temper = temper
  }
  get key(): string {
    return `${this.server.address}:${this.pool.port}`
  }
  get name(): string {
    return `${this.pool.name}/${this.server.node}`
  }
  /** Well, and it takes connections. */
  get takes(): boolean {
    return this.verdict === true && this.weight !== 0
  }
  /** Since when its check says what it says; true time. */
  get settledAt(): number {
    return Math.max(this.since, this.weighedAt, this.heldUntil)
  }
  isHeld(now: number): boolean {
    return now < this.heldUntil
  }

  /** An agent begins, and finds it in the table, or not. True time. */
  reborn(serves: boolean, now: number): void {
    this.verdict = serves ? true : null
    this.#against = 0
    this.heard = 0
    this.since = now
    this.#falls = []
    this.heldUntil = NEVER
    this.weight = null
    this.departures = []
    this.askedAt = now
    this.waits = false
  }

  /** True: something is otherwise than before. */
  hear(ok: boolean | null, weight: number | null, now: number): boolean {
    this.waits = false
    if (ok === null) return false
    this.heard += 1
    // One that fails says nothing of its weight.
    const weighed = ok && this.weight !== weight
    if (weighed) this.weighedAt = now
    if (ok) this.weight = weight
    const changed = this.#judge(ok)
    if (!changed) return weighed
    this.since = now
    if (ok === false && changed === 'again') this.#fall(now)
    return true
  }
  #judge(ok: boolean): 'first' | 'again' | null {
    if (this.verdict === null) {
      this.verdict = ok
      return 'first'
    }
    if (ok === this.verdict) {
      this.#against = 0
      return null
    }
    this.#against += 1
    if (this.#against < (ok ? this.pool.rise : this.pool.fall)) return null
    this.verdict = ok
    this.#against = 0
    return 'again'
  }
  #fall(now: number): void {
    this.#falls = [...this.#falls.filter((at) => now - at < FLAPPING.withinMs), now].slice(-MOST_FALLS)
    const further = this.#falls.length - FLAPPING.falls + 1
    this.heldUntil =
      further > 0 && this.pool.holdMs > 0 ? now + Math.min(this.pool.holdMs * further, LONGEST_HOLD_MS) : NEVER
  }
}

/** How often one that flaps may leave within ten minutes: twice, and once more after each hold, which grows. */
export function mostDepartures(holdMs: number): number {
  let [times, spent] = [FLAPPING.falls as number, 0]
  for (let further = 1; ; further++) {
    spent += Math.min(holdMs * further, LONGEST_HOLD_MS)
    if (spent > FLAPPING.withinMs) return times
    times += 1
  }
}
export const WINDOW_MS = FLAPPING.withinMs
