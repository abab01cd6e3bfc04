/** What moved when, and why: a ring in memory, of this node and of what others told. */
import type { HistoryEvent } from '@lvsm/model'

export const LONGEST_HISTORY = 500
const keyOf = ({ at, node, group, kind, number, reason }: HistoryEvent): string =>
  `${at} ${node} ${group} ${kind} ${number} ${reason}`

export interface History {
  /** False when it was there already. */
  add(event: HistoryEvent): boolean
  /** What another node tells of itself. */
  heard(node: string, events: readonly HistoryEvent[]): void
  /** Oldest first. */
  all(): readonly HistoryEvent[]
  /** Of this node, younger than `since` (ISO 8601). */
  own(node: string, since: string): readonly HistoryEvent[]
}

export function createHistory(): History {
  let events: HistoryEvent[] = []
  const known = new Set<string>()
  const history: History = {
    add(event) {
      const key = keyOf(event)
      if (known.has(key)) return false
      known.add(key)
      events.push(event)
      const last = events.at(-2)
      if (last && last.at > event.at) events.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
      if (events.length > LONGEST_HISTORY) {
        for (const old of events.slice(0, events.length - LONGEST_HISTORY)) known.delete(keyOf(old))
        events = events.slice(-LONGEST_HISTORY)
      }
      return true
    },
    heard(node, told) {
      for (const event of told) history.add({ ...event, node })
    },
    all: () => events,
    own: (node, since) => events.filter((event) => event.node === node && event.at >= since),
  }
  return history
}
