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

export class Audit {
  readonly #done: Kept[] = []
  readonly #refused: Kept[] = []
  #noted = 0
  readonly #say: (line: string) => void
  constructor(say: (line: string) => void) {
    this.#say = say
  }

  note(record: AuditRecord): void {
    const { who, from, what, result } = record
    const [safeWho, safeResult] = [harmless(who), harmless(result)]
    const [records, most] = record.status < REFUSED ? [this.#done, MOST.done] : [this.#refused, MOST.refused]
    records.push({ record: { ...record, who: safeWho, result: safeResult }, number: ++this.#noted })
    if (records.length > most) records.shift()
    this.#say(`audit: ${safeWho} from ${from}: ${what}: ${record.status}${safeResult === '' ? '' : ` ${safeResult}`}`)
  }

  /** Newest first. */
  present(): readonly AuditRecord[] {
    return [...this.#done, ...this.#refused].toSorted((a, b) => b.number - a.number).map(({ record }) => record)
  }
}
/** One line, that paints nothing. */
const harmless = (text: string): string => plainText(text).replaceAll(/\s+/g, ' ').slice(0, LONGEST_WORD)

/** Whatever changes something, or was to; not what only reads. */
export const isAudited = (route: ApiRoute, status: number): boolean => isChange(route) || status === 403

/** In a few words. */
export function resultOf({ body, revision }: Reply): string {
  const refused: ConfigRefused | null = readConfigRefused(body)
  if (refused) return refused.refusals.map(({ code }) => code).join(' ')
  return revision === undefined ? '' : `revision ${revision}`
}
