/** Events that nodes told of themselves: a ring in memory, each of them once, however often and in how many lives of its agent it is told. */
import type { HistoryEvent, NumberedEvent } from '@lvsm/protocol'
import { ClusterClock } from './cluster-clock.ts'

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
  /** Milliseconds of a time in that form. */
  msOf(time: string): number
}
export interface Moment {
  /** Milliseconds that only grow. */
  readonly now: number
  /** For what is shown. */
  readonly wall: Wall
}
/** With its place among the others. */
export type LoggedEvent = HistoryEvent & { readonly clock: number }

interface Entry {
  readonly event: LoggedEvent
  /** The life of the agent that told it last, and its number there; 0: this coordinator's own remark. */
  boot: string
  serial: number
  said: NumberedEvent | null
  /** Null: who told it did not say. */
  readonly happenedAt: number | null
  /** One more with each that comes. */
  readonly arrived: number
}

export class EventLog {
  readonly #entries: Entry[] = []
  /** By where it was told first. */
  readonly #origins = new Map<string, Entry>()
  readonly #clock = new ClusterClock()
  /** Node → how many of them are its own. */
  readonly #counts = new Map<string, number>()
  /** Node → the newest that is known of each of its agent's last lives. */
  readonly #newest = new Map<string, Map<string, number>>()
  #arrived = 0

  /** Of the last that came. */
  get arrived(): number {
    return this.#arrived
  }
  /** Of that life; 0: none. */
  known(node: string, boot: string): number {
    return this.#newest.get(node)?.get(boot) ?? this.#kept(node, boot)
  }
  /** In the order of their serials; what was told before is skipped, and what is missing before one is remarked. */
  add(node: string, boot: string, events: readonly NumberedEvent[], at: Moment): void {
    for (const said of events) {
      const known = this.known(node, boot)
      if (said.serial <= known) continue
      this.#know(node, boot, said.serial)
      const missing = said.serial - known - 1
      const event = this.#placed(node, boot, said, at)
      if (missing > 0) this.#push({ event: remark(event, missing), boot, serial: 0, said: null, happenedAt: null })
      this.#take({ event, boot, serial: said.serial, said, happenedAt: happenedAt(said, at.now) })
    }
  }
  since(node: string, boot: string, serial: number, { most, now }: { most: number; now: number }): NumberedEvent[] {
    return this.#entries
      .filter((one) => one.event.node === node && one.boot === boot && one.serial > serial)
      .toSorted((one, other) => one.serial - other.serial)
      .slice(0, most)
      .flatMap((one) => (one.said ? { ...one.said, ...ageOf(one, now) } : []))
  }
  /** All others are in the cluster no more; what they did stays until others need the room. */
  keep(names: ReadonlySet<string>): void {
    for (const node of this.#newest.keys()) if (!names.has(node)) this.#newest.delete(node)
    this.#clock.keep(names)
  }
  /** Those that came after that one. */
  all(now: number, after = 0): LoggedEvent[] {
    return this.#entries.filter(({ arrived }) => arrived > after).map((one) => ({ ...one.event, ...ageOf(one, now) }))
  }

  #placed(node: string, boot: string, { serial, ageMs, ...said }: NumberedEvent, at: Moment): LoggedEvent {
    const shown = shownTime(said.at, at.wall)
    const clock = this.#clock.judge(node, { clock: said.clock, ageMs, wallMs: at.wall.msOf(shown) }, at.now)
    return { origin: { life: boot, serial }, ...said, node, at: shown, clock }
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
  /** One that an earlier life told is this life's from now on: who asks for all of this one gets it, too. */
  #take(entry: Omit<Entry, 'arrived'>): void {
    const known = this.#origins.get(keyOf(entry.event))
    if (!known) return this.#push(entry)
    const { boot, serial, said } = entry
    Object.assign(known, { boot, serial, said })
  }
  #push(entry: Omit<Entry, 'arrived'>): void {
    this.#arrived += 1
    const pushed = { ...entry, arrived: this.#arrived }
    this.#entries.push(pushed)
    if (entry.said) this.#origins.set(keyOf(entry.event), pushed)
    this.#count(entry.event.node, 1)
    if (this.#entries.length <= LONGEST_LOG) return
    // Who has most of the room: a node that talks a lot pushes out its own words.
    const [talker] = [...this.#counts].reduce((most, one) => (one[1] > most[1] ? one : most))
    const its = this.#entries.filter(({ event }) => event.node === talker)
    const oldest = its.reduce((old, one) => (one.event.clock < old.event.clock ? one : old))
    this.#entries.splice(this.#entries.indexOf(oldest), 1)
    if (oldest.said) this.#origins.delete(keyOf(oldest.event))
    this.#count(talker, -1)
  }
  #count(node: string, more: number): void {
    const count = (this.#counts.get(node) ?? 0) + more
    if (count > 0) this.#counts.set(node, count)
    else this.#counts.delete(node)
  }
}

const keyOf = ({ node, origin }: HistoryEvent): string => `${node} ${origin?.life} ${origin?.serial}`

const happenedAt = ({ ageMs }: NumberedEvent, now: number): number | null => (ageMs === undefined ? null : now - ageMs)
const ageOf = ({ happenedAt: at }: Pick<Entry, 'happenedAt'>, now: number): { readonly ageMs?: number } =>
  at === null ? {} : { ageMs: Math.max(0, Math.round(now - at)) }

/** Its clock as it says, unless that is none, or far ahead. */
const shownTime = (at: string, { now, latest }: Wall): string => (ISO.test(at) && at <= latest ? at : now)

const remark = ({ at, node, clock }: LoggedEvent, missing: number): LoggedEvent => ({
  at,
  node,
  group: '',
  kind: 'note',
  number: 0,
  reason: `${missing} earlier ${missing === 1 ? 'event' : 'events'} of this node ${missing === 1 ? 'is' : 'are'} not known here: no coordinator was told in time, or it was long ago`,
  clock,
})
