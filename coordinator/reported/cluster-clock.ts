/**
 * What the nodes' causal clocks show, as far as their events tell. They agree within what a message takes, so that the middle one is right
 * while most nodes are honest: an event that is later than that is not believed in it, or it would stay the newest for ever.
 */

/** Honest clocks differ by less. Microseconds. */
const CLOSE = 60_000_000
const MICRO = 1000

/** As it was told; undefined: an older agent does not say it. */
export interface Told {
  readonly clock: number | undefined
  readonly ageMs: number | undefined
  readonly wallMs: number
}

export class ClusterClock {
  /** Node → what its clock is ahead of this machine's, by the newest event that says it. Microseconds. */
  readonly #ahead = new Map<string, number>()

  /** The place of an event that came now; of an older agent, by its wall clock. */
  judge(node: string, { clock, ageMs = 0, wallMs }: Told, now: number): number {
    if (clock === undefined) return Math.max(0, wallMs * MICRO) || 0
    this.#ahead.set(node, clock + (ageMs - now) * MICRO)
    return Math.min(clock, this.#latest(now))
  }
  keep(names: ReadonlySet<string>): void {
    for (const node of this.#ahead.keys()) if (!names.has(node)) this.#ahead.delete(node)
  }

  #latest(now: number): number {
    const all = [...this.#ahead.values()].toSorted((one, other) => one - other)
    const middle = all[Math.floor(all.length / 2)]
    return middle === undefined ? Number.MAX_SAFE_INTEGER : Math.max(0, Math.floor(middle + now * MICRO + CLOSE))
  }
}
