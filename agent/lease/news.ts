/**
 * The word about what happened, to the log and to the reconciler. It follows a little later: acting comes first. What was told last
 * is told again to a reconciler that connects: the one before may have stood still, or have been away.
 */
import { type CounterName, type FromLease, type LeaseEvent, type LeaseStatus } from '@lvsm/protocol'
import { onceAfter } from '@lvsm/kernel'

const NEWS_MS = 60
/** Events that are told again: many more than happen while a reconciler starts. */
const KEPT = 32
const FILTERED: CounterName = 'drop-filtered'

export interface NewsPorts {
  /** As the core knows it. */
  status(): LeaseStatus
  /** Datagrams that the kernel kept from this process. */
  filtered(): number
  tell(word: FromLease): void
  say(text: string): void
}

export class News {
  readonly #ports: NewsPorts
  readonly #counters: Record<string, number> = {}
  readonly #waiting: LeaseEvent[] = []
  #told: readonly LeaseEvent[] = []
  /** Something is new: the status follows, with the events that there are by then. */
  readonly soon: () => void

  constructor(ports: NewsPorts) {
    this.#ports = ports
    this.soon = onceAfter(NEWS_MS, () => this.tell())
  }

  event(event: LeaseEvent): void {
    this.#waiting.push(event)
    this.soon()
  }
  /** True the first time. */
  count(name: CounterName): boolean {
    const before = this.#counters[name] ?? 0
    this.#counters[name] = before + 1
    return before === 0
  }

  tell(): void {
    for (const event of this.#waiting.splice(0)) {
      const lease = event.number ? ` (lease ${event.number})` : ''
      this.#ports.say(`${event.group}: ${event.kind}${lease}: ${event.reason}`)
      this.#ports.tell({ kind: 'event', event })
      this.#told = [...this.#told, event].slice(-KEPT)
    }
    this.tellStatus()
  }
  tellAgain(): void {
    for (const event of this.#told) this.#ports.tell({ kind: 'event', event: { ...event, again: true } })
    this.tellStatus()
  }
  tellStatus(): void {
    const status = this.#ports.status()
    const counters = { ...this.#counters }
    for (const [reason, times] of Object.entries(status.counters)) counters[reason] = (counters[reason] ?? 0) + times
    const filtered = this.#ports.filtered()
    if (filtered > 0) counters[FILTERED] = filtered
    this.#ports.tell({ kind: 'status', status: { ...status, counters } })
  }
}
