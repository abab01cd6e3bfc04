/**
 * What somebody did to the rule set, and what became of the rules in front of the heartbeat ports, for people. Without those all
 * works, and strangers can keep the process busy.
 */
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

/** Who flushes the rule set again and again is named now and then: it must not fill the log. */
const SAID_AGAIN_MS = 10_000

export class FilterNews {
  readonly #ports: FilterNewsPorts
  #missing = false
  /** By sentence. */
  readonly #saidAt = new Map<string, number>()

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
  /** Somebody else changed the fence. */
  fenceLost(damage: string): void {
    this.#ports.count('fence-restored')
    this.#saySometimes(`somebody else changed the rule set (${damage}): the fence is put back`)
  }
  /** Somebody else changed them. */
  lost(damage: string, restored: Outcome): void {
    if (restored.result === 'done' && !this.#missing) {
      this.#ports.count('filter-restored')
      this.#saySometimes(
        `somebody else changed the rule set (${damage}): the rules in front of the heartbeat ports are put back`,
      )
    }
    this.built(restored)
  }

  #saySometimes(text: string): void {
    const now = performance.now()
    for (const [said, at] of this.#saidAt) if (now - at >= SAID_AGAIN_MS) this.#saidAt.delete(said)
    if (this.#saidAt.has(text)) return
    this.#saidAt.set(text, now)
    this.#ports.say(text)
  }
}
