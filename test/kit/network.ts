/** A network that loses, delays, duplicates, reorders and cuts, one way too. */
import { type Random, randomBetween } from '@lvsm/base'
import type { Schedule } from './schedule.ts'

export interface Weather {
  /** Probability that a datagram is lost on a link. */
  loss: number
  duplication: number
  /** Milliseconds one way. */
  delayMs: readonly [number, number]
  /** Probability of a straggler, and how late it is at most. */
  straggle: number
  stragglerMs: number
}

export const FAIR: Weather = { loss: 0, duplication: 0, delayMs: [0.05, 0.4], straggle: 0, stragglerMs: 0 }

export class Network<Datagram> {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #cuts = new Set<string>()
  readonly #deliver: (to: string, datagram: Datagram) => void
  weather: Weather = FAIR
  /** Extra milliseconds on the way to a node. */
  readonly lagMs = new Map<string, number>()

  constructor(schedule: Schedule, random: Random, deliver: (to: string, datagram: Datagram) => void) {
    this.#schedule = schedule
    this.#random = random
    this.#deliver = deliver
  }

  cut(from: string, to: string): void {
    this.#cuts.add(`${from}>${to}`)
  }
  mend(): void {
    this.#cuts.clear()
    this.lagMs.clear()
  }

  send(from: string, to: string, datagram: Datagram): void {
    if (this.#cuts.has(`${from}>${to}`)) return
    const { loss, duplication } = this.weather
    if (loss > 0 && this.#random.next() < loss) return
    this.#carry(to, datagram)
    if (duplication > 0 && this.#random.next() < duplication) this.#carry(to, datagram)
  }

  #carry(to: string, datagram: Datagram): void {
    const { delayMs, straggle, stragglerMs } = this.weather
    const late = straggle > 0 && this.#random.next() < straggle ? this.#random.next() * stragglerMs : 0
    this.#schedule.in(randomBetween(this.#random, ...delayMs) + late + (this.lagMs.get(to) ?? 0), () =>
      this.#deliver(to, datagram),
    )
  }
}
