/** A node's own clock: another zero and another rate than true time, within the drift that the protocol allows. */
import { type Instant, instant } from '@lvsm/base'

export class Clock {
  #zero: number
  readonly rate: number

  constructor(zero: number, rate: number) {
    this.#zero = zero
    this.rate = rate
  }

  read(trueMs: number): Instant {
    return instant(this.#zero + trueMs * this.rate)
  }
  /** The machine boots: its clock begins anew. */
  boot(trueMs: number): void {
    this.#zero = -trueMs * this.rate
  }
  /** When, in true time, this clock shows `at`. */
  trueAt(at: Instant): number {
    return (at - this.#zero) / this.rate
  }
}
