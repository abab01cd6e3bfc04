/** What one node's agent said of itself, put together of its reports. */
import { type AgentReport, REPORT_ROOM, type REPORT_PARTS } from '@lvsm/protocol'

type Part = Exclude<keyof typeof REPORT_PARTS, 'tables'>
type Said = Pick<AgentReport, Part>
interface Table {
  readonly destinations: Exclude<AgentReport['tables'], undefined>[string]
  readonly number: number
  /** UTF-16 units. */
  readonly size: number
}

/** UTF-16 units of all tables of one node: far more than any that a director can fill. Those beyond are left out. */
export const LARGEST = 4 << 20

export interface NodeRecord {
  readonly boot: string
  /** Of the newest report in it. */
  readonly number: number
  readonly said: Said
  /** Part → number of the report that said it. */
  readonly numbers: ReadonlyMap<string, number>
  readonly tables: ReadonlyMap<string, Table>
}

/** What a report says holds from then on; a whole one begins anew. */
export function merged(before: NodeRecord | null, report: AgentReport): NodeRecord {
  const { boot, number, whole, events: _, tables = {}, ...parts } = report
  const base = whole ? null : before
  const said = { ...base?.said, ...parts }
  const known = new Map([...(base?.tables ?? []), ...Object.entries(tables).map(tableIn(number))])
  const present = new Set(said.services)
  let room = LARGEST
  const all = [...known].filter(([name, { size }]) => {
    const isIn = present.has(name) && size <= room
    if (isIn) room -= size
    return isIn
  })
  const numbers = new Map([...(base?.numbers ?? []), ...Object.keys(parts).map((part) => [part, number] as const)])
  return { boot, number, said, numbers, tables: new Map(all) }
}

/** Tables of the report had no room. */
export const isCut = ({ tables }: NodeRecord, { tables: told = {}, services = [] }: AgentReport): boolean =>
  services.some((name) => Object.hasOwn(told, name) && !tables.has(name))

const tableIn =
  (number: number) =>
  ([name, destinations]: readonly [string, Table['destinations']]): readonly [string, Table] => [
    name,
    { destinations, number, size: JSON.stringify(destinations).length },
  ]

interface Piece {
  readonly number: number
  readonly size: number
  readonly part?: Part
  readonly table?: string
}

/**
 * What is newer than report `since`; 0: all. Where that is much, it is as much of it as one report has room for, up to the number that
 * it has then: what is left is newer than that.
 */
export function reportSince(record: NodeRecord, since: number, events: AgentReport['events']): AgentReport {
  const { boot, said, tables } = record
  const news = newsSince(record, since)
  let [room, number] = [REPORT_ROOM, 0]
  for (const piece of news) {
    room -= piece.size
    if (room < 0 && number > 0 && piece.number > number) break
    number = piece.number
  }
  const taken = news.filter((piece) => piece.number <= number)
  const isAll = taken.length === news.length
  const parts = taken.flatMap(({ part }) => part ?? [])
  // A table counts only where its service is among them.
  if (news.some(({ part }) => part === 'services') && !parts.includes('services')) parts.push('services')
  const told = taken.flatMap(({ table = '' }) => {
    const one = tables.get(table)
    return one ? [[table, one.destinations] as const] : []
  })
  return {
    boot,
    number: isAll ? record.number : number,
    whole: since === 0,
    ...Object.fromEntries(parts.map((part) => [part, said[part]])),
    ...(told.length > 0 ? { tables: Object.fromEntries(told) } : {}),
    events,
  }
}

/** The oldest first. */
function newsSince({ said, numbers, tables }: NodeRecord, since: number): Piece[] {
  const parts = (Object.keys(said) as Part[]).map((part): Piece => {
    const number = numbers.get(part) ?? 0
    return { part, number, size: number > since ? JSON.stringify(said[part]).length : 0 }
  })
  const all = [...parts, ...[...tables].map(([table, { number, size }]): Piece => ({ table, number, size }))]
  return all.filter(({ number }) => number > since).toSorted((one, other) => one.number - other.number)
}
