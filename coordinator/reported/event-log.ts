/** Events that nodes told of themselves: a ring in memory, each of them once. */
import type { HistoryEvent, NumberedEvent } from '@lvsm/protocol'

export const LONGEST_LOG = 2000
/** Lives of one node's agent: what comes late of the one before is known again. */
const LIVES = 4
/** Clocks of honest nodes differ by less. Milliseconds. */
export const AHEAD_MS = 60_000
/** As `Date.toISOString` writes it: texts in the order of time. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** The wall clock, in that form: now, and `AHEAD_MS` later. */
export interface Wall {
  readonly now: string
  readonly latest: string
}

interface Entry {
  readonly event: HistoryEvent
  readonly boot: string
  /** 0: this coordinator's own remark. */
  readonly serial: number
  readonly said: NumberedEvent | null
}

export class EventLog {
  readonly #entries: Entry[] = []
  /** Node → how many of them are its own. */
  readonly #counts = new Map<string, number>()
  /** Node → the newest that is known of each of its agent's last lives. */
  readonly #newest = new Map<string, Map<string, number>>()

  /** Of that life; 0: none. */
  known(node: string, boot: string): number {
    return this.#newest.get(node)?.get(boot) ?? this.#kept(node, boot)
  }
  /** In the order of their serials; what was told before is skipped, and what is missing before one is remarked. */
  add(node: string, boot: string, events: readonly NumberedEvent[], wall: Wall): void {
    for (const said of events) {
      const known = this.known(node, boot)
      if (said.serial <= known) continue
      this.#know(node, boot, said.serial)
      const at = shownTime(said.at, wall)
      const missing = said.serial - known - 1
      if (missing > 0) this.#push({ event: remark(node, at, missing), boot, serial: 0, said: null })
      const { serial, group, kind, number, reason } = said
      this.#push({ event: { at, node, group, kind, number, reason }, boot, serial, said })
    }
  }
  since(node: string, boot: string, serial: number, most: number): NumberedEvent[] {
    return this.#entries
      .filter((one) => one.event.node === node && one.boot === boot && one.serial > serial)
      .slice(0, most)
      .flatMap(({ said }) => said ?? [])
  }
  /** All others are in the cluster no more; what they did stays until others need the room. */
  keep(names: ReadonlySet<string>): void {
    for (const node of this.#newest.keys()) if (!names.has(node)) this.#newest.delete(node)
  }
  /** In the order of the clocks of those who told it. */
  all(): HistoryEvent[] {
    return this.#entries
      .map(({ event }) => event)
      .sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))
  }

  /** Of a life that was forgotten, or of a node that was out of the cluster meanwhile. */
  #kept(node: string, boot: string): number {
    if (!this.#counts.has(node)) return 0
    const own = this.#entries.filter((one) => one.event.node === node && one.boot === boot)
    return Math.max(0, ...own.map(({ serial }) => serial))
  }
  #know(node: string, boot: string, serial: number): void {
    const lives = this.#newest.get(node) ?? new Map<string, number>()
    this.#newest.set(node, lives.set(boot, serial))
    const [oldest] = lives.keys()
    if (lives.size > LIVES && oldest !== undefined) lives.delete(oldest)
  }
  #push(entry: Entry): void {
    this.#entries.push(entry)
    this.#count(entry.event.node, 1)
    if (this.#entries.length <= LONGEST_LOG) return
    // Who has most of the room: a node that talks a lot pushes out its own words.
    const [talker] = [...this.#counts].reduce((most, one) => (one[1] > most[1] ? one : most))
    this.#entries.splice(
      this.#entries.findIndex(({ event }) => event.node === talker),
      1,
    )
    this.#count(talker, -1)
  }
  #count(node: string, more: number): void {
    const count = (this.#counts.get(node) ?? 0) + more
    if (count > 0) this.#counts.set(node, count)
    else this.#counts.delete(node)
  }
}

/** Its clock as it says, unless that is none, or far ahead: nothing is to stay at the end of the list for ever. */
const shownTime = (at: string, { now, latest }: Wall): string => (ISO.test(at) && at <= latest ? at : now)

const remark = (node: string, at: string, missing: number): HistoryEvent => ({
  at,
  node,
  group: '',
  kind: 'note',
  number: 0,
  reason: `${missing} earlier ${missing === 1 ? 'event' : 'events'} of this node ${missing === 1 ? 'is' : 'are'} not known here: no coordinator was told in time, or it was long ago`,
})
