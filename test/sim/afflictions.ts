/** What ails a cluster at present: each fault ends by itself, or all of them at the healing, and none begins after that. */
import type { Schedule } from '../kit/schedule.ts'

interface Affliction {
  readonly text: string
  readonly since: number
  readonly until: number
  readonly end: () => void
}

export class Afflictions {
  readonly #schedule: Schedule
  readonly #present = new Set<Affliction>()
  readonly #pending = new Set<() => void>()
  /** The last ones that are over. */
  readonly #past: { readonly text: string; readonly since: number; readonly ended: number }[] = []

  constructor(schedule: Schedule) {
    this.#schedule = schedule
  }

  begin(text: string, ms: number, end: () => void): void {
    const { now } = this.#schedule
    const one: Affliction = { text, since: now, until: now + ms, end }
    this.#present.add(one)
    this.#schedule.at(one.until, () => this.#finish(one))
  }
  /** Something that happens later, unless the healing comes first. */
  later(ms: number, run: () => void): void {
    const pending = (): void => {
      if (this.#pending.delete(pending)) run()
    }
    this.#pending.add(pending)
    this.#schedule.in(ms, pending)
  }

  cure(): void {
    this.#pending.clear()
    for (const one of [...this.#present]) this.#finish(one)
  }

  /** What was going on within the last `ms`. */
  tell(ms: number): readonly string[] {
    const { now } = this.#schedule
    return [
      ...this.#past
        .filter(({ ended }) => now - ended < ms)
        .map(({ text, since, ended }) => `${text}: ${since.toFixed(1)} to ${ended.toFixed(1)}`),
      ...[...this.#present].map(({ text, since, until }) => `${text}: ${since.toFixed(1)} to (${until.toFixed(1)})`),
    ]
  }

  #finish(one: Affliction): void {
    if (!this.#present.delete(one)) return
    this.#past.push({ text: one.text, since: one.since, ended: this.#schedule.now })
    if (this.#past.length > 32) this.#past.shift()
    one.end()
  }
}
