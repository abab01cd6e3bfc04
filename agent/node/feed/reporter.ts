/**
 * What an agent reports to the coordinator that it follows, and when. Pure: `take` what there is to say, `next` what is due, `answered`
 * what the coordinator said to it.
 *
 * Laws: one report is on its way at a time, and there are two a second at most; the first one of a connection is whole; an event is
 * said until the coordinator says that it knows it, and never once more.
 */
import { after, type Instant, NEVER_BEFORE } from '@lvsm/base'
import { type AgentReport, MOST_EVENTS, type OwnReport } from '@lvsm/protocol'

/** Between two reports. Milliseconds. */
export const REPORT_MS = 500
/** UTF-16 units of the parts of one report, three bytes each at most; the rest follows in the next. */
const ROOM = 1 << 20

const PARTS = ['self', 'lease', 'troubles', 'pings', 'counters'] as const
const SERVICES = 'services'
const TABLE = 'table '

/** What is compared: what only counts down is no news. */
const steady = (key: string, value: unknown): unknown => (key === 'leftMs' ? 0 : value)

export class Reporter {
  #own: OwnReport | null = null
  /** Part → what was taken last, as text. */
  #texts: ReadonlyMap<string, string> = new Map()
  readonly #unsaid = new Set<string>()
  #number = 0
  #isOpen = false
  #mustBeWhole = true
  /** Nothing new was taken since, but somebody wants to hear that. */
  #isStill = false
  #waitsFor: number | null = null
  /** All events up to this one are known there; null: it did not say yet. */
  #known: number | null = null
  #saidAt: Instant = NEVER_BEFORE

  opened(): void {
    this.#isOpen = true
    this.#again()
    this.#known = null
  }
  closed(): void {
    this.#isOpen = false
  }

  take(own: OwnReport): void {
    const texts = textsOf(own)
    for (const [part, text] of texts) if (this.#texts.get(part) !== text) this.#unsaid.add(part)
    for (const part of this.#unsaid) if (!texts.has(part)) this.#unsaid.delete(part)
    this.#own = own
    this.#texts = texts
    this.#isStill = true
  }

  /** `number` 0: a whole one has to come. */
  answered({ number, event }: { readonly number: number; readonly event: number }): void {
    if (number === 0) this.#again()
    else if (number !== this.#waitsFor) return
    this.#waitsFor = null
    this.#known = event
  }

  /** When `next` has something; null: not before one of the others was called. */
  dueAt(): Instant | null {
    if (!this.#isOpen || !this.#own || this.#waitsFor !== null) return null
    return this.#hasNews() || this.#isStill ? after(this.#saidAt, REPORT_MS) : null
  }

  next(now: Instant): AgentReport | null {
    const own = this.#own
    const dueAt = this.dueAt()
    if (!own || dueAt === null || now < dueAt) return null
    if (this.#hasNews()) this.#number += 1
    const report = {
      boot: own.boot,
      number: this.#number,
      whole: this.#mustBeWhole,
      ...this.#fill(own),
      events: this.#events(),
    }
    this.#saidAt = now
    this.#waitsFor = report.number
    this.#mustBeWhole = false
    this.#isStill = false
    return report
  }

  #again(): void {
    this.#mustBeWhole = true
    this.#waitsFor = null
    for (const part of this.#texts.keys()) this.#unsaid.add(part)
  }
  #hasNews(): boolean {
    return this.#mustBeWhole || this.#unsaid.size > 0 || this.#events().length > 0
  }
  #events(): OwnReport['events'] {
    const known = this.#known
    return known === null ? [] : (this.#own?.events ?? []).filter(({ serial }) => serial > known).slice(0, MOST_EVENTS)
  }

  /** Of what is unsaid as much as has room, and at least one part. */
  #fill(own: OwnReport): Partial<AgentReport> {
    const said = new Set<string>()
    let room = ROOM
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
      ...(said.has('counters') ? { counters: own.counters } : {}),
      ...(said.has(SERVICES) ? { services: Object.keys(own.tables) } : {}),
      ...(tables.length > 0 ? { tables: Object.fromEntries(tables) } : {}),
    }
  }
}

/** In the order in which they are said. */
function textsOf(own: OwnReport): ReadonlyMap<string, string> {
  return new Map([
    ...PARTS.map((part) => [part, JSON.stringify(own[part], steady)] as const),
    [SERVICES, JSON.stringify(Object.keys(own.tables))] as const,
    ...Object.entries(own.tables).map(([name, table]) => [TABLE + name, JSON.stringify(table)] as const),
  ])
}
