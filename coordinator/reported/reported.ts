/**
 * What the agents of all nodes said of themselves: each to the coordinator that it follows, which the others ask for it. In memory
 * only. Times are milliseconds that only grow, unless they are called wall.
 */
import { type AgentReport, type HistoryEvent, MOST_EVENTS, type NodeProgress } from '@lvsm/protocol'
import { EventLog, type Wall } from './event-log.ts'
import { merged, type NodeRecord, reportSince } from './record.ts'

export interface Reporting extends NodeRecord {
  /** When its agent last said so, here or elsewhere. */
  readonly heardAt: number
}
export interface Moment {
  readonly now: number
  /** For what is shown. */
  readonly wall: Wall
}
type Announced = Exclude<NodeProgress['report'], undefined>
/** What this coordinator has of a node's reports. */
export interface Known {
  readonly boot: string | null
  readonly number: number
  readonly event: number
}

export class Reported {
  readonly #records = new Map<string, Reporting>()
  readonly #log = new EventLog()

  /** A report of the node itself; what is answered to it. Null: too large, and not taken. */
  take(node: string, report: AgentReport, at: Moment): { readonly number: number; readonly event: number } | null {
    const before = this.#records.get(node) ?? null
    const event = (): number => this.#log.known(node, report.boot)
    const isSame = before?.boot === report.boot
    const isStill = isSame && !report.whole && report.number === before.number
    if (!report.whole && !isStill && !(isSame && report.number === before.number + 1))
      return { number: 0, event: event() }
    if (!isStill && !this.#put(node, report, at.now)) return null
    if (isStill) this.#records.set(node, { ...before, heardAt: at.now })
    this.#note(node, report, at)
    return { number: report.number, event: event() }
  }

  /** For the other coordinators; undefined: it said nothing. */
  announce(node: string, now: number): Announced | undefined {
    const record = this.#records.get(node)
    if (!record) return undefined
    const { boot, number, heardAt } = record
    return { boot, number, event: this.#log.known(node, boot), ageMs: Math.max(0, Math.round(now - heardAt)) }
  }
  /** What another coordinator announces: what is to be said to it, if it has what is not here. */
  wanted(node: string, { boot, number, event, ageMs }: Announced, now: number): Known | null {
    const record = this.#records.get(node)
    const heardAt = now - ageMs
    if (!record) return { boot: null, number: 0, event: this.#log.known(node, boot) }
    const known = { boot: record.boot, number: record.number, event: this.#log.known(node, record.boot) }
    if (record.boot !== boot) return heardAt > record.heardAt ? known : null
    if (number > record.number || event > known.event) return known
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
    const events = this.#log.since(node, record.boot, isSame || boot === null ? event : 0, MOST_EVENTS)
    return { ageMs: announced.ageMs, report: reportSince(record, isSame ? number : 0, events) }
  }
  /** What another coordinator answered. */
  answered(node: string, report: AgentReport, ageMs: number, at: Moment): void {
    const before = this.#records.get(node)
    const heardAt = at.now - ageMs
    const isSame = before?.boot === report.boot
    const isNewer = !before || (isSame ? report.number > before.number : heardAt > before.heardAt)
    if (isNewer && (isSame || report.whole)) this.#put(node, report, heardAt)
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
  events(): readonly HistoryEvent[] {
    return this.#log.all()
  }

  #put(node: string, report: AgentReport, heardAt: number): boolean {
    const record = merged(this.#records.get(node) ?? null, report)
    if (record) this.#records.set(node, { ...record, heardAt })
    return record !== null
  }
  #note(node: string, { boot, events }: AgentReport, { wall }: Moment): void {
    this.#log.add(node, boot, events, wall)
  }
}
