/** What one node's agent said of itself, put together of its reports. */
import type { AgentReport, REPORT_PARTS } from '@lvsm/protocol'

type Part = Exclude<keyof typeof REPORT_PARTS, 'tables'>
type Said = Pick<AgentReport, Part>
interface Table {
  readonly destinations: Exclude<AgentReport['tables'], undefined>[string]
  readonly number: number
}

/** UTF-16 units of all tables of one node: far more than any that a director can fill. */
const LARGEST = 8 << 20

export interface NodeRecord {
  readonly boot: string
  /** Of the newest report in it. */
  readonly number: number
  readonly said: Said
  /** Part → number of the report that said it. */
  readonly numbers: ReadonlyMap<string, number>
  readonly tables: ReadonlyMap<string, Table>
}

/** Null: it is too large. What a report says holds from then on; a whole one begins anew. */
export function merged(before: NodeRecord | null, report: AgentReport): NodeRecord | null {
  const { boot, number, whole, events: _, tables = {}, ...parts } = report
  const base = whole ? null : before
  const said = { ...base?.said, ...parts }
  const known = [...(base?.tables ?? []), ...Object.entries(tables).map(tableIn(number))]
  const present = new Set(said.services)
  const all = new Map(known.filter(([name]) => present.has(name)))
  if (JSON.stringify([...all]).length > LARGEST) return null
  const numbers = new Map([...(base?.numbers ?? []), ...Object.keys(parts).map((part) => [part, number] as const)])
  return { boot, number, said, numbers, tables: all }
}

const tableIn =
  (number: number) =>
  ([name, destinations]: readonly [string, Table['destinations']]): readonly [string, Table] => [
    name,
    { destinations, number },
  ]

/** What is newer than report `since`; 0: all. */
export function reportSince(record: NodeRecord, since: number, events: AgentReport['events']): AgentReport {
  const { boot, number, said, numbers, tables } = record
  const parts = { ...said }
  for (const part of Object.keys(parts) as Part[]) if ((numbers.get(part) ?? 0) <= since) delete parts[part]
  const news = [...tables].filter(([, table]) => table.number > since)
  return {
    boot,
    number,
    whole: since === 0,
    ...parts,
    ...(news.length > 0 ? { tables: Object.fromEntries(news.map(([name, one]) => [name, one.destinations])) } : {}),
    events,
  }
}
