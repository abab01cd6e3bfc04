/**
 * What the agents of all nodes said of themselves: each to the coordinator that it follows, which the others ask for it. In memory
 * only. Times are milliseconds that only grow, unless they are called wall.
 */
import { type AgentReport, MOST_EVENTS, type NodeProgress } from '@lvsm/protocol'
import { EventLog, type LoggedEvent, type Moment } from './event-log.ts'
import { isCut, merged, type NodeRecord, reportSince } from './record.ts'

export interface Reporting extends NodeRecord {
  /** When its agent last said so, here or elsewhere. */
  readonly heardAt: number
}
type Announced = Exclude<NodeProgress['report'], undefined>
/** What is answered to an agent. `isCut`: more was said than any node has, and some of it is left out. */
export interface Taken {
  readonly number: number
  readonly event: number
  readonly isCut: boolean
}
/** Of the same agent an older report is believed when the newer one was not confirmed for so long: its machine was set back. */
const FORGOTTEN_MS = 5000

/** What this coordinator has of a node's reports. */
export interface Known {
  readonly boot: string | null
  readonly number: number
  readonly event: number
}

export class Reported {
  /** Different at each start: places in its list of events are of that alone. */
  readonly life: string
  readonly #records = new Map<string, Reporting>()
  readonly #log = new EventLog()

  constructor(life = '') {
    this.life = life
  }

  /** A report of the node itself. */
  take(node: string, report: AgentReport, at: Moment): Taken {
    const before = this.#records.get(node) ?? null
    const event = (): number => this.#log.known(node, report.boot)
    const isSame = before?.boot === report.boot
    const isStill = isSame && !report.whole && report.number === before.number
    if (!report.whole && !isStill && !(isSame && report.number === before.number + 1))
      return { number: 0, event: event(), isCut: false }
    const record = isStill ? before : merged(before, report)
    this.#records.set(node, { ...record, heardAt: at.now })
    this.#note(node, report, at)
    return { number: report.number, event: event(), isCut: isCut(record, report) }
  }

  /** For the other coordinators; undefined: it said nothing. */
  announce(node: string, now: number): Announced | undefined {
    const record = this.#records.get(node)
    if (!record) return undefined
    const { boot, number, heardAt } = record
    return { boot, number, event: this.#log.known(node, boot), ageMs: Math.max(0, Math.round(now - heardAt)) }
  }
  /** What there is of it here; `boot` null: nothing. */
  known(node: string): Known {
    const { boot = null, number = 0 } = this.#records.get(node) ?? {}
    return { boot, number, event: boot === null ? 0 : this.#log.known(node, boot) }
  }
  /** What another coordinator announces: what is to be said to it, if it has what is not here. */
  wanted(node: string, { boot, number, event, ageMs }: Announced, now: number): Known | null {
    const record = this.#records.get(node)
    const heardAt = now - ageMs
    if (!record) return { boot: null, number: 0, event: this.#log.known(node, boot) }
    const known = { boot: record.boot, number: record.number, event: this.#log.known(node, record.boot) }
    if (record.boot !== boot) return heardAt > record.heardAt ? known : null
    if (number > record.number || event > known.event) return known
    if (number < record.number && heardAt - record.heardAt > FORGOTTEN_MS) return { ...known, boot: null, number: 0 }
    if (number === record.number && heardAt > record.heardAt) this.#records.set(node, { ...record, heardAt })
    return null
  }
  /** What is new to it; null: nothing is known of that node. */
  answer(
    node: string,
    { boot, number, event }: Known,
    now: number,
  ): { readonly ageMs: number; readonly report: AgentReport } | null {
    const record = this.#records.get(node)
    const announced = this.announce(node, now)
    if (!record || !announced) return null
    const isSame = record.boot === boot
    const events = this.#log.since(node, record.boot, isSame || boot === null ? event : 0, { most: MOST_EVENTS, now })
    return { ageMs: announced.ageMs, report: reportSince(record, isSame ? number : 0, events) }
  }
  /** What another coordinator answered. */
  answered(node: string, report: AgentReport, ageMs: number, at: Moment): void {
    const before = this.#records.get(node)
    const heardAt = at.now - ageMs
    const isSame = before?.boot === report.boot
    const isNext = isSame && report.number > before.number
    const since = (before?.heardAt ?? Number.NEGATIVE_INFINITY) + (isSame ? FORGOTTEN_MS : 0)
    if (isNext || (report.whole && heardAt > since))
      this.#records.set(node, { ...merged(before ?? null, report), heardAt })
    if (this.#records.get(node)?.boot === report.boot) this.#note(node, report, at)
  }

  /** All others are in the cluster no more. */
  keep(names: ReadonlySet<string>): void {
    for (const node of this.#records.keys()) if (!names.has(node)) this.#records.delete(node)
    this.#log.keep(names)
  }
  all(): ReadonlyMap<string, Reporting> {
    return this.#records
  }
  /** All of them, or those that came after that one. */
  events(now: number, after = 0): readonly LoggedEvent[] {
    return this.#log.all(now, after)
  }
  /** Of the last event that came. */
  get arrived(): number {
    return this.#log.arrived
  }

  #note(node: string, { boot, events }: AgentReport, at: Moment): void {
    this.#log.add(node, boot, events, at)
  }
}
