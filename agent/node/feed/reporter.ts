/**
 * What an agent reports to the coordinator that it follows, and when. Pure: `take` what there is to say, `next` what is due, `answered`
 * what the coordinator said to it.
 *
 * Laws: one report is on its way at a time, and there are two a second at most; the first word of a connection is short, and says only
 * which report was the last one, and what is not known then is said whole; an event is said until the coordinator says that it knows
 * it, and never once more.
 */
import { after, type Instant, NEVER_BEFORE } from '@lvsm/base'
import { type AgentReport, MOST_EVENTS, type OwnReport, REPORT_ROOM } from '@lvsm/protocol'

/** Between two reports. Milliseconds. */
export const REPORT_MS = 500
/** A coordinator that has answered before, and not for so long, did not get it. */
export const LOST_MS = 5000

const PARTS = [
  'self',
  'lease',
  'troubles',
  'pings',
  'ready',
  'dark',
  'shut',
  'blind',
  'counters',
  'established',
  'rates',
] as const
const SERVICES = 'services'
const TABLE = 'table '

/** What is compared: what only counts down is no news. */
const steady = (key: string, value: unknown): unknown => (key === 'leftMs' ? 0 : value)

export interface Answered {
  readonly number: number
  readonly event: number
  readonly origins?: boolean
}

export class Reporter {
  #own: OwnReport | null = null
  /** Part → what was taken last, as text. */
  #texts: ReadonlyMap<string, string> = new Map()
  #ofTables: readonly (readonly [string, string])[] = []
  readonly #unsaid = new Set<string>()
  #number = 0
  #isOpen = false
  /** Whether the coordinator has what was said last has to be found out: an older one knows no reports, and takes no long message. */
  #isAsking = true
  #mustBeWhole = true
  /** Nothing new was taken since, but somebody wants to hear that. */
  #isStill = false
  #waits: { readonly number: number; readonly since: Instant } | null = null
  /** It answered on this connection. */
  #answers = false
  /** All events up to this one are known there; null: it did not say yet. */
  #known: number | null = null
  /** It knows events of earlier lives again; an older one would show them twice. */
  #origins = false
  #saidAt: Instant = NEVER_BEFORE

  opened(): void {
    this.#isOpen = true
    this.#isAsking = true
    this.#answers = false
    this.#waits = null
    this.#known = null
  }
  closed(): void {
    this.#isOpen = false
  }

  take(own: OwnReport): void {
    const texts = this.#textsOf(own)
    for (const [part, text] of texts) if (this.#texts.get(part) !== text) this.#unsaid.add(part)
    for (const part of this.#unsaid) if (!texts.has(part)) this.#unsaid.delete(part)
    this.#own = own
    this.#texts = texts
    this.#isStill = true
  }

  /** `number` 0: a whole one has to come. */
  answered({ number, event, origins = false }: Answered): void {
    if (this.#waits === null || (number !== 0 && number !== this.#waits.number)) return
    this.#waits = null
    this.#isAsking = false
    this.#answers = true
    this.#known = event
    this.#origins = origins
    this.#mustBeWhole = number === 0
    if (this.#mustBeWhole) for (const part of this.#texts.keys()) this.#unsaid.add(part)
  }

  /** When `next` has something; null: not before one of the others was called. */
  dueAt(): Instant | null {
    if (!this.#isOpen || !this.#own) return null
    if (this.#waits !== null) return this.#answers ? after(this.#waits.since, LOST_MS) : null
    if (this.#isAsking) return NEVER_BEFORE
    return this.#hasNews() || this.#isStill ? after(this.#saidAt, REPORT_MS) : null
  }

  next(now: Instant): AgentReport | null {
    const own = this.#own
    const dueAt = this.dueAt()
    if (!own || dueAt === null || now < dueAt) return null
    const { boot } = own
    // Nobody knows what became of the last one.
    this.#isAsking ||= this.#waits !== null
    if (this.#isAsking || this.#hasNews()) this.#number += 1
    // Nothing new behind the last one: only who has that one can use it.
    if (this.#isAsking) return this.#say({ boot, number: this.#number, whole: false, events: [] }, now)
    const head = { boot, number: this.#number, whole: this.#mustBeWhole }
    const report = { ...head, ...this.#fill(own), events: this.#events() }
    this.#saidAt = now
    this.#mustBeWhole = false
    this.#isStill = false
    return this.#say(report, now)
  }

  /** In the order in which they are said. Tables that are the same are not gone over again. */
  #textsOf(own: OwnReport): ReadonlyMap<string, string> {
    if (own.tables !== this.#own?.tables) this.#ofTables = textsOfTables(own.tables)
    return new Map([...PARTS.map((part) => [part, JSON.stringify(own[part], steady)] as const), ...this.#ofTables])
  }
  #say(report: AgentReport, now: Instant): AgentReport {
    this.#waits = { number: report.number, since: now }
    return report
  }
  #hasNews(): boolean {
    return this.#mustBeWhole || this.#unsaid.size > 0 || this.#events().length > 0
  }
  #events(): OwnReport['events'] {
    const known = this.#known
    return known === null
      ? []
      : (this.#own?.events ?? [])
          .filter(({ serial, origin }) => serial > known && (this.#origins || !origin))
          .slice(0, MOST_EVENTS)
  }

  /** Of what is unsaid as much as has room, and at least one part. */
  #fill(own: OwnReport): Partial<AgentReport> {
    const said = new Set<string>()
    let room = REPORT_ROOM
    for (const [part, text] of this.#texts) {
      if (!this.#unsaid.has(part)) continue
      room -= text.length
      if (room < 0 && said.size > 0) break
      said.add(part)
      this.#unsaid.delete(part)
    }
    const tables = Object.entries(own.tables).filter(([name]) => said.has(TABLE + name))
    return {
      ...(said.has('self') ? { self: own.self } : {}),
      ...(said.has('lease') ? { lease: own.lease } : {}),
      ...(said.has('troubles') ? { troubles: own.troubles } : {}),
      ...(said.has('pings') ? { pings: own.pings } : {}),
      ...(said.has('ready') ? { ready: own.ready } : {}),
      ...(said.has('counters') ? { counters: own.counters } : {}),
      ...(said.has('dark') ? { dark: own.dark } : {}),
      ...(said.has('shut') ? { shut: own.shut } : {}),
      ...(said.has('blind') ? { blind: own.blind } : {}),
      ...(said.has('established') ? { established: own.established } : {}),
      ...(said.has('rates') ? { rates: own.rates } : {}),
      ...(said.has(SERVICES) ? { services: Object.keys(own.tables) } : {}),
      ...(tables.length > 0 ? { tables: Object.fromEntries(tables) } : {}),
    }
  }
}

const textsOfTables = (tables: OwnReport['tables']): readonly (readonly [string, string])[] => [
  [SERVICES, JSON.stringify(Object.keys(tables))],
  ...Object.entries(tables).map(([name, table]) => [TABLE + name, JSON.stringify(table)] as const),
]
