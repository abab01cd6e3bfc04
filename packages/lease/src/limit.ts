/**
 * The longest lease that a voter lends, and what its disk says of it. A voter that starts again is silent for the lease
 * duration that it finds on its disk; so what stands there must never be less than a lease that may still live (PROTOCOL.md
 * 3.1, 3.2).
 *
 * Laws:
 * - no lease is longer than what a restart would find on the disk, whatever became of a write that is under way;
 * - the disk keeps the longer duration until every lease of that length has run out: a shorter one is used at once, but
 *   written only then.
 */
import { after, type Instant } from '@lvsm/base'
import type { Rules } from './rules.ts'

export class LeaseLimit {
  readonly #rules: Rules
  /** The least that a restart could find, while nothing is being written. */
  #onDisk: number
  #writing: number | null = null
  #configured: number
  /** When the last lease of the longer duration has run out. */
  #lowerAt: Instant

  /** `onDiskMs`: as it was found at the start; 0 on a voter that never lent anything. */
  constructor(startedAt: Instant, onDiskMs: number, rules: Rules) {
    this.#rules = rules
    this.#onDisk = onDiskMs
    this.#configured = onDiskMs
    this.#lowerAt = startedAt
  }

  /** The configured lease duration, milliseconds. */
  configure(leaseMs: number, now: Instant): void {
    if (leaseMs === this.#configured) return
    this.#configured = leaseMs
    this.#lowerAt = after(now, this.#rules.lowerAfterMs(Math.max(this.#onDisk, this.#writing ?? 0)))
  }

  /** The longest lease that may be granted now. */
  get grantableMs(): number {
    const certain = this.#writing === null ? this.#onDisk : Math.min(this.#onDisk, this.#writing)
    return this.#rules.grantableMs(this.#configured, certain)
  }

  /** What should stand on the disk. */
  wantedMs(now: Instant): number {
    return this.#configured > this.#onDisk || now >= this.#lowerAt ? this.#configured : this.#onDisk
  }
  /** When `wantedMs` changes by itself; null when it does not. */
  get changesAt(): Instant | null {
    return this.#configured < this.#onDisk ? this.#lowerAt : null
  }

  writes(ms: number): void {
    this.#writing = ms
  }
  /** A failed write may have reached the disk or not: the shorter duration is what can be relied on. */
  wrote(ok: boolean): void {
    if (this.#writing === null) return
    this.#onDisk = ok ? this.#writing : Math.min(this.#onDisk, this.#writing)
    this.#writing = null
  }
}
