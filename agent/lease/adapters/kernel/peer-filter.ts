/** The rules in front of the heartbeat ports in the kernel: built as a whole, looked at, put back, taken away. */
import { KernelError, type Netlink } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'
import { FINE, type HeartbeatPort, type Outcome, type PeerFilter } from '../../ports.ts'
import { damageIn, type Tables, tablesOf } from './fence-damage.ts'
import { outcomeOf } from './outcome.ts'
import { clearMessages, filterMessages, TABLE } from './peer-filter-tables.ts'

interface Wanted {
  readonly text: string
  readonly messages: readonly Uint8Array[]
  /** As the kernel would say it. */
  readonly tables: Tables
}

export class KernelPeerFilter implements PeerFilter {
  readonly #netfilter: Netlink
  /** Undefined: nothing is missing. */
  #wanted: Wanted | undefined
  /** Perhaps only: the kernel's answer may have got lost. */
  #stands = false
  /** Why the wanted ones are not there; empty when they are. */
  #fault = ''
  /** Datagrams that former tables dropped, and as of the last look the present one. */
  #before = 0
  #seen = 0

  constructor(netfilter: Netlink) {
    this.#netfilter = netfilter
  }

  build(ports: readonly HeartbeatPort[], perSecond: number): Outcome {
    const text = JSON.stringify([ports, perSecond])
    if (text === this.#wanted?.text && this.#fault === '') return FINE
    const messages = filterMessages(ports, perSecond)
    this.#wanted = { text, messages, tables: tablesOf(messages) }
    return this.restore()
  }

  /** As the fence's; what could not be built is missing too. */
  damage(): string | null {
    if (!this.#wanted) return ''
    const damage = this.#fault || damageIn(this.#netfilter, this.#wanted.tables, [])
    if (damage === '') this.#look()
    return damage
  }
  /** Datagrams, as of the last look. */
  dropped(): number {
    return this.#before + this.#seen
  }

  /** Puts the wanted ones there. Where that is refused, former ones must not stay: they know other peers. */
  restore(): Outcome {
    if (!this.#wanted) return FINE
    this.#before += this.#seen
    this.#seen = 0
    const outcome = this.#transact(this.#wanted.messages)
    this.#fault = outcome.error
    if (outcome.result === 'refused' && this.#stands) this.#stands = this.#transact(clearMessages()).result !== 'done'
    else this.#stands ||= outcome.result !== 'refused'
    return outcome
  }

  clear(): Outcome {
    this.#wanted = undefined
    if (!this.#stands) return FINE
    this.#stands = false
    return this.#transact(clearMessages())
  }

  close(): void {
    this.#netfilter.close()
  }

  #look(): void {
    try {
      const rules = this.#netfilter.dump(nftables.dumpRules(TABLE)).map(nftables.decodeRule)
      const counters = rules.flatMap((rule) => (rule.ok ? rule.value.expressions : []))
      this.#seen = counters.reduce((sum, one) => sum + (one.kind === 'counter' ? one.packets : 0), 0)
    } catch (error) {
      // It was whole a moment ago: the next look knows.
      if (!(error instanceof KernelError)) throw error
    }
  }

  #transact(messages: readonly Uint8Array[]): Outcome {
    const failed = this.#netfilter.apply(nftables.batch(messages))
    return outcomeOf(failed ? [failed] : [])
  }
}
