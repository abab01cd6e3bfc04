/** A network of links that loses, delays, duplicates, reorders and cuts, link by link, one way too. */
import { type Random, randomBetween } from '@lvsm/base'
import type { Schedule } from './schedule.ts'

export interface Weather {
  /** Probability that a datagram is lost on a link. */
  readonly loss: number
  readonly duplication: number
  /** Milliseconds one way. */
  readonly delayMs: readonly [number, number]
  /** Probability of a straggler, and how late it is at most. */
  readonly straggle: number
  readonly stragglerMs: number
}
export const FAIR: Weather = { loss: 0, duplication: 0, delayMs: [0.05, 0.4], straggle: 0, stragglerMs: 0 }

/** Where a datagram is under way. */
export interface Way {
  readonly from: string
  readonly to: string
  readonly link: number
}
/** Something that lasts until it is ended, and by nothing else. */
export interface Spell {
  end(): void
}

export class Network<Datagram> {
  readonly #schedule: Schedule
  readonly #random: Random
  readonly #deliver: (way: Way, datagram: Datagram) => void
  readonly #cuts = new Set<(way: Way) => boolean>()
  readonly #weathers = new Set<Partial<Weather>>()
  readonly #lags = new Set<{ readonly to: (way: Way) => boolean; readonly ms: number }>()
  #weather: Weather = FAIR
  /** Each sees every datagram as it is sent; what it gives is sent, null is not. */
  readonly taps: ((way: Way, datagram: Datagram) => Datagram | null)[] = []

  constructor(schedule: Schedule, random: Random, deliver: (way: Way, datagram: Datagram) => void) {
    this.#schedule = schedule
    this.#random = random
    this.#deliver = deliver
  }

  /** Each cut ends by itself: a way is open when no cut is left on it. */
  cut(on: (way: Way) => boolean): Spell {
    // An object of its own, even when one function is given twice.
    const cut = (way: Way): boolean => on(way)
    this.#cuts.add(cut)
    return { end: () => void this.#cuts.delete(cut) }
  }
  /** Of weathers at one time the worst of each counts. */
  storm(weather: Partial<Weather>): Spell {
    const storm = { ...weather }
    this.#weathers.add(storm)
    this.#weather = worst([...this.#weathers])
    return {
      end: () => {
        this.#weathers.delete(storm)
        this.#weather = worst([...this.#weathers])
      },
    }
  }
  /** Extra milliseconds on these ways. */
  lag(to: (way: Way) => boolean, ms: number): Spell {
    const lag = { to, ms }
    this.#lags.add(lag)
    return { end: () => void this.#lags.delete(lag) }
  }

  /** Whether something that is no datagram of these gets through at this moment; in a storm by chance. */
  passes(way: Way): boolean {
    for (const cut of this.#cuts) if (cut(way)) return false
    return this.#weather.loss === 0 || this.#random.next() >= this.#weather.loss
  }

  send(way: Way, datagram: Datagram): void {
    let sent: Datagram | null = datagram
    for (const tap of this.taps) sent = sent && tap(way, sent)
    if (sent) this.inject(way, sent)
  }
  /** Past the taps. */
  inject(way: Way, sent: Datagram): void {
    for (const cut of this.#cuts) if (cut(way)) return
    const { loss, duplication } = this.#weather
    if (loss > 0 && this.#random.next() < loss) return
    this.#carry(way, sent)
    if (duplication > 0 && this.#random.next() < duplication) this.#carry(way, sent)
  }

  #carry(way: Way, datagram: Datagram): void {
    const { delayMs, straggle, stragglerMs } = this.#weather
    let ms = randomBetween(this.#random, ...delayMs)
    if (straggle > 0 && this.#random.next() < straggle) ms += this.#random.next() * stragglerMs
    for (const lag of this.#lags) if (lag.to(way)) ms += lag.ms
    this.#schedule.in(ms, () => this.#deliver(way, datagram))
  }
}

function worst(weathers: readonly Partial<Weather>[]): Weather {
  const most = (key: Exclude<keyof Weather, 'delayMs'>): number =>
    Math.max(FAIR[key], ...weathers.map((weather) => weather[key] ?? 0))
  const delays = weathers.map(({ delayMs }) => delayMs ?? FAIR.delayMs)
  return {
    loss: most('loss'),
    duplication: most('duplication'),
    straggle: most('straggle'),
    stragglerMs: most('stragglerMs'),
    delayMs: [FAIR.delayMs[0], Math.max(FAIR.delayMs[1], ...delays.map(([, longest]) => longest))],
  }
}
