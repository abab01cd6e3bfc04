/** Who speaks and is not believed: datagrams that came lately from an address of a peer, and were dropped before they counted. */
import { after, between, type Instant } from '@lvsm/base'
import { type CounterName, counterOf, type LeaseStatus } from '@lvsm/protocol'

/** Longer than the longest pause between two heartbeats. Milliseconds. */
const LATELY_MS = 15_000
/** Over which the rate is counted. */
const COUNTED_MS = 10_000

/** Where a datagram is none of this protocol's, no key stands in it. */
const NAME_NO_KEY: ReadonlySet<CounterName> = new Set(['drop-short', 'drop-long', 'drop-version'])

/** One that was dropped. */
export interface Dropped {
  readonly counter: CounterName
  /** Of the key that it names. */
  readonly keyId: number
}
interface Sender {
  dropped: Dropped
  /** When the newest of them was told. */
  at: Instant
  /** Of the rate: since when it is counted, how many, and how many a minute those before were; null: not known yet. */
  since: Instant
  count: number
  perMinute: number | null
}

export class Unbelieved {
  readonly #senders = new Map<string, Sender>()
  readonly #waiting = new Map<string, { dropped: Dropped; count: number }>()
  /** Key → by which two nodes see whether theirs is the same; null: there is none here. */
  #fingerprint: (keyId: number) => string | null = () => null

  /** `nodes`: whose address it came from, all of them in the view. */
  note(nodes: readonly string[], dropped: Dropped): void {
    for (const node of nodes) this.#waiting.set(node, { dropped, count: (this.#waiting.get(node)?.count ?? 0) + 1 })
  }
  /** The view changed: who left is forgotten. */
  keep(names: ReadonlySet<string>, fingerprint: (keyId: number) => string | null): void {
    this.#fingerprint = fingerprint
    for (const all of [this.#senders, this.#waiting])
      for (const node of all.keys()) if (!names.has(node)) all.delete(node)
  }

  shownIn(status: LeaseStatus, now: Instant): LeaseStatus {
    for (const [node, { dropped, count }] of this.#waiting) this.#take(node, dropped, count, now)
    this.#waiting.clear()
    const peers = status.peers.map((peer) => {
      const sender = this.#senders.get(peer.name)
      if (!sender) return peer
      if (now >= after(sender.at, LATELY_MS)) {
        this.#senders.delete(peer.name)
        return peer
      }
      return { ...peer, unbelieved: this.#text(sender) }
    })
    return { ...status, peers }
  }

  #take(node: string, dropped: Dropped, count: number, now: Instant): void {
    const sender = this.#senders.get(node) ?? { dropped, at: now, since: now, count: 0, perMinute: null }
    this.#senders.set(node, sender)
    const countedMs = between(sender.since, now)
    if (countedMs >= COUNTED_MS) {
      // Rounded: who looks wants to know how many, and not each time another number.
      sender.perMinute = Math.max(1, Math.round((sender.count * 6000) / countedMs)) * 10
      sender.since = now
      sender.count = 0
    }
    sender.dropped = dropped
    sender.at = now
    sender.count += count
  }

  #text({ dropped: { counter, keyId }, perMinute }: Sender): string {
    const rate = perMinute === null ? '' : `about ${perMinute} a minute`
    const more = [NAME_NO_KEY.has(counter) ? '' : this.#keyText(keyId), rate].filter((text) => text !== '')
    return `${counterOf(counter)?.help ?? counter}${more.length === 0 ? '' : ` (${more.join(', ')})`}`
  }
  #keyText(keyId: number): string {
    const own = this.#fingerprint(keyId)
    return own === null
      ? `key ${keyId}, which is not here`
      : `key ${keyId}, of which the one here has the fingerprint ${own}`
  }
}
