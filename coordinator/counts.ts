/** What a coordinator counts since its start: names with unit and help are rows of `COUNTERS`; and how long its writes take. */
import { countDelay, type CounterName, counterOf, type DelayReport, newDelayCounts } from '@lvsm/protocol'
import type { StorePort } from './ports.ts'

export class Counts {
  readonly #counts = new Map<CounterName, number>()
  readonly #writes = { ...newDelayCounts(), worstMs: 0 }

  readonly count = (name: CounterName): void => {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }
  /** A write is on the disk. */
  readonly wrote = (ms: number): void => {
    countDelay(this.#writes, ms)
    this.#writes.worstMs = Math.max(this.#writes.worstMs, ms)
  }

  present(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts)
  }
  /** `worstMs`: since the start. */
  writes(): DelayReport {
    return { ...this.#writes, counts: [...this.#writes.counts] }
  }
  /** For people. */
  lines(): string[] {
    return [...this.#counts].map(([name, count]) => {
      const { unit = ['time', 'times'], help = name } = counterOf(name) ?? {}
      return `${count} ${unit[count === 1 ? 0 : 1]}: ${help}`
    })
  }
}

/** The same store; each write is told with its length in milliseconds, from when it was asked for until it is on the disk. */
export const timed = <State, Result>(
  store: StorePort<State, Result>,
  { clock, wrote }: { clock(): number; wrote(ms: number): void },
): StorePort<State, Result> => ({
  identity: store.identity,
  content: store.content,
  get kept() {
    return store.kept
  },
  read: (done) => store.read(done),
  write(persist, arrived, done) {
    const begun = clock()
    store.write(persist, arrived, (answer) => {
      if (answer.fault === null) wrote(clock() - begun)
      done(answer)
    })
  },
})
