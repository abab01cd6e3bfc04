/**
 * Who did what, when, from where, and what came of it: the newest of it in memory, all of it in the log of the process. What was refused
 * is kept apart, so that nobody pushes out of it what was done by asking for what he may not.
 */
import { plainText } from '@lvsm/base'
import { type ApiRoute, type AuditRecord, type ConfigRefused, isChange, readConfigRefused } from '@lvsm/protocol'
import type { Reply } from './reply.ts'

const MOST = { done: 1000, refused: 200 } as const
/** HTTP. */
const REFUSED = 400
const LONGEST_WORD = 200

interface Kept {
  readonly record: AuditRecord
  readonly number: number
}

/** Of one caller, that are not written down one by one. */
interface More {
  readonly since: number
  readonly last: number
  readonly count: number
  readonly what: ReadonlySet<string>
  readonly kept: Kept
}
const MINUTE_MS = 60_000

export class Audit {
  readonly #done: Kept[] = []
  #refused: Kept[] = []
  /** By who, and from where. */
  readonly #more = new Map<string, More>()
  #noted = 0
  readonly #say: (line: string) => void
  constructor(say: (line: string) => void) {
    this.#say = say
  }

  note(record: AuditRecord): void {
    const kept = this.#keep(record)
    this.#say(lineOf(kept.record))
  }

  /**
   * One more that was refused, of somebody of whom so many are written down already: all of these are one record with their number, and
   * what they asked for. The log has a line of each tenfold.
   */
  more(record: AuditRecord): void {
    const { at, result } = record
    const key = JSON.stringify([record.who, record.from])
    const found = this.#more.get(key)
    // They are others where none came for a minute.
    const before = found && at - found.last < MINUTE_MS ? found : null
    const count = (before?.count ?? 0) + 1
    const what = new Set([...(before?.what ?? []), record.what])
    const since = before?.since ?? at
    if (before) this.#refused = this.#refused.filter((one) => one !== before.kept)
    const seconds = Math.max(1, Math.ceil((at - since) / 1000))
    const told = `and ${count} more within ${seconds} s, not written down one by one: ${result}`
    const kept = this.#keep({ ...record, what: [...what].join(', '), result: told })
    this.#more.delete(key)
    this.#more.set(key, { since, last: at, count, what, kept })
    const [oldest] = this.#more.keys()
    if (this.#more.size > MOST.refused && oldest !== undefined) this.#more.delete(oldest)
    if (Number.isInteger(Math.log10(count))) this.#say(lineOf(kept.record))
  }

  #keep(record: AuditRecord): Kept {
    const safe = { ...record, who: harmless(record.who), result: harmless(record.result) }
    const kept = { record: safe, number: ++this.#noted }
    const [records, most] = record.status < REFUSED ? [this.#done, MOST.done] : [this.#refused, MOST.refused]
    records.push(kept)
    if (records.length > most) records.shift()
    return kept
  }

  /** Newest first. */
  present(): readonly AuditRecord[] {
    return [...this.#done, ...this.#refused].toSorted((a, b) => b.number - a.number).map(({ record }) => record)
  }
}
const lineOf = ({ who, from, what, status, result }: AuditRecord): string =>
  `audit: ${who} from ${from}: ${what}: ${status}${result === '' ? '' : ` ${result}`}`
/** One line, that paints nothing. */
const harmless = (text: string): string => plainText(text).replaceAll(/\s+/g, ' ').slice(0, LONGEST_WORD)

/** Whatever changes something, or was to; not what only reads. */
export const isAudited = (route: ApiRoute, status: number): boolean => isChange(route) || status === 403

/** Of a request's body, whom it is about; no other word of it is written down. */
const ABOUT = ['name', 'user', 'node', 'id', 'role']
export function subjectOf(body: unknown): string {
  if (typeof body !== 'object' || body === null) return ''
  const words = new Map<string, unknown>(Object.entries(body))
  const said = ABOUT.flatMap((word) =>
    typeof words.get(word) === 'string' ? [`${word}=${words.get(word) as string}`] : [],
  )
  return harmless(said.join(' '))
}

/** In a few words. */
export function resultOf({ body, revision }: Reply): string {
  const refused: ConfigRefused | null = readConfigRefused(body)
  if (refused) return refused.refusals.map(({ code }) => code).join(' ')
  return revision === undefined ? '' : `revision ${revision}`
}
