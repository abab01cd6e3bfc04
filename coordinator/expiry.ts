/** What operators wanted for a while, and is over by the clocks of a majority: whoever leads says so once. */
import { nextExpiry, NO_FACTS } from '@lvsm/changes'
import type { Configuration } from './configuration.ts'

/** How often a leader looks. */
const EXPIRY_MS = 1000

export class Expiry {
  readonly #timer: NodeJS.Timeout
  #expiring = false

  /** In milliseconds; null: it is not known what time it is. */
  constructor(configuration: Configuration, machine: { wallClock(): number | null }) {
    this.#timer = setInterval(() => this.#look(configuration, machine.wallClock()), EXPIRY_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  #look(configuration: Configuration, at: number | null): void {
    if (this.#expiring || at === null) return
    const end = nextExpiry(configuration.known()?.facts ?? NO_FACTS)
    if (end === null || end > at || configuration.status().raft.role !== 'leader') return
    this.#expiring = true
    void configuration.write({ kind: 'expire', at }).finally(() => {
      this.#expiring = false
    })
  }
}
