/**
 * How far a process has got. Its pump works in one go while the schedule stands still, so its own time runs ahead: every
 * call and every hold-up takes some of it, and what the world sees of it is put on the schedule at that time. Nothing of
 * that happens when the process was killed before.
 */
import type { Instant } from '@lvsm/base'
import type { Clock } from './clock.ts'
import type { Schedule } from './schedule.ts'

export class Timeline {
  readonly #schedule: Schedule
  readonly #clock: Clock
  readonly #holdUp: (at: number) => number
  /** True time. */
  at: number
  alive = true

  /** `holdUp`: for how many milliseconds the process stands still at a point that it has reached; nearly always 0. */
  constructor(schedule: Schedule, clock: Clock, holdUp: (at: number) => number) {
    this.#schedule = schedule
    this.#clock = clock
    this.#holdUp = holdUp
    this.at = schedule.now
  }

  pass(ms: number): void {
    this.at += ms
  }
  /** A point at which the process may be held up. */
  pause(): void {
    this.at += this.#holdUp(this.at)
  }
  read(): Instant {
    return this.#clock.read(this.at)
  }
  /** What others see of this process, at the time that it has got to. */
  show(run: () => void): void {
    this.#schedule.at(this.at, () => {
      if (this.alive) run()
    })
  }
}
