/**
 * The word about what happened, to the log and to the reconciler. It follows a little later: acting comes first. A reconciler that was
 * away, or stood still, says what it heard last, and is told again what came after.
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
  #told: readonly (LeaseEvent & { readonly serial: number })[] = []
  /** Of the last event that was told, and of the last one when the reconciler connected. */
  #serial = 0
  #joinedAt = 0
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
      const numbered = { ...event, serial: ++this.#serial }
      this.#ports.tell({ kind: 'event', event: numbered })
      this.#told = [...this.#told, numbered].slice(-KEPT)
    }
    this.tellStatus()
  }
  /** A reconciler has connected; gives the serial of the last event that was told before. */
  joined(): number {
    this.#joinedAt = this.#serial
    return this.#serial
  }
  /** It has heard all up to this one, of this life; what came since it connected it hears anyway. */
  tellAgain(heard: number): void {
    for (const event of this.#told)
      if (event.serial > heard && event.serial <= this.#joinedAt)
        this.#ports.tell({ kind: 'event', event: { ...event, again: true } })
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
