/** What became of the rules in front of the heartbeat ports, for people. Without them all works, and strangers can keep the process busy. */
import type { CounterName } from '@lvsm/protocol'
import type { Trouble } from '@lvsm/base'
import type { Outcome } from './ports.ts'

const HINT =
  'it needs nf_tables with sets and limits (modprobe nft_limit); until then let only the other nodes reach these ports'

export interface FilterNewsPorts {
  count(name: CounterName): void
  say(text: string): void
  /** Null: it is over. */
  trouble(trouble: Trouble | null): void
}

export class FilterNews {
  readonly #ports: FilterNewsPorts
  #missing = false

  constructor(ports: FilterNewsPorts) {
    this.#ports = ports
  }

  built({ result, error }: Outcome): void {
    const { say, trouble } = this.#ports
    if (result === 'done') {
      if (!this.#missing) return
      this.#missing = false
      trouble(null)
      return say('the rules in front of the heartbeat ports are there now')
    }
    const message = `no rules in front of the heartbeat ports: ${error}; whoever reaches them can keep this process busy`
    if (!this.#missing) say(`${message}\n  ${HINT}`)
    this.#missing = true
    trouble({ code: 'heartbeats-unfiltered', severity: 'warning', message, hint: HINT })
  }
  /** Somebody else changed them. */
  lost(damage: string, restored: Outcome): void {
    if (restored.result === 'done' && !this.#missing) {
      this.#ports.count('filter-restored')
      this.#ports.say(
        `somebody else changed the rule set (${damage}): the rules in front of the heartbeat ports are put back`,
      )
    }
    this.built(restored)
  }
}
