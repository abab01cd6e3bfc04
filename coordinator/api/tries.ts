/** Guessing is slowed: so many failed tries a minute, of each of several names. */

export interface Bound {
  /** `address 192.0.2.1`, `user alice`, `all`. */
  readonly key: string
  readonly perMinute: number
}
interface Level {
  readonly tries: number
  readonly at: number
}
const MINUTE_MS = 60_000
/** Names are made by whoever tries: the oldest are forgotten. */
const MOST_KEYS = 10_000

export class Tries {
  readonly #levels = new Map<string, Level>()

  /**
   * Null: it may be tried, and counts as failed until `succeeded` is called: many at the same time are no way around. Else
   * milliseconds until it may. `now`: milliseconds of a monotonic clock.
   */
  begin(bounds: readonly Bound[], now: number): number | null {
    const wait = this.wait(bounds, now)
    if (wait !== null) return wait
    const levels = bounds.map((bound) => this.#level(bound, now))
    bounds.forEach(({ key }, at) => this.#set(key, { tries: (levels[at] ?? 0) + 1, at: now }))
    return null
  }

  /** What `begin` would return, and nothing is counted. */
  wait(bounds: readonly Bound[], now: number): number | null {
    const waits = bounds.map((bound) => (this.#level(bound, now) + 1 - bound.perMinute) * (MINUTE_MS / bound.perMinute))
    const wait = Math.max(0, ...waits)
    return wait > 0 ? wait : null
  }

  succeeded(bounds: readonly Bound[], now: number): void {
    for (const bound of bounds) this.#set(bound.key, { tries: Math.max(0, this.#level(bound, now) - 1), at: now })
  }

  /** So many more, whatever there are, up to `most`. */
  add(bound: Bound, count: number, now: number, most: number): void {
    this.#set(bound.key, { tries: Math.min(most, this.#level(bound, now) + count), at: now })
  }

  #level({ key, perMinute }: Bound, now: number): number {
    const { tries, at } = this.#levels.get(key) ?? { tries: 0, at: now }
    return Math.max(0, tries - ((now - at) * perMinute) / MINUTE_MS)
  }
  #set(key: string, level: Level): void {
    this.#levels.delete(key)
    if (level.tries > 0) this.#levels.set(key, level)
    const [oldest] = this.#levels.keys()
    if (this.#levels.size > MOST_KEYS && oldest !== undefined) this.#levels.delete(oldest)
  }
}
