/** What operators wanted for a while, and is over: whoever leads says so once. */
import { nextExpiry, NO_FACTS } from '@lvsm/changes'
import type { Configuration } from './configuration.ts'

/** How often a leader looks. */
const EXPIRY_MS = 1000

export class Expiry {
  readonly #timer: NodeJS.Timeout
  #expiring = false

  /** In milliseconds. */
  constructor(configuration: Configuration, machine: { wallClock(): number }) {
    this.#timer = setInterval(() => this.#look(configuration, machine.wallClock()), EXPIRY_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  #look(configuration: Configuration, at: number): void {
    const end = nextExpiry(configuration.known()?.facts ?? NO_FACTS)
    if (this.#expiring || end === null || end > at || configuration.status().raft.role !== 'leader') return
    this.#expiring = true
    void configuration.write({ kind: 'expire', at }).finally(() => {
      this.#expiring = false
    })
  }
}
