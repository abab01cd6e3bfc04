/** Who did what, when, from where, and what came of it: the newest of it in memory, all of it in the log of the process. */
import { plainText } from '@lvsm/base'
import { type ApiRoute, type AuditRecord, type ConfigRefused, isChange, readConfigRefused } from '@lvsm/protocol'
import type { Reply } from './reply.ts'

const MOST = 1000
const LONGEST_WORD = 200

export class Audit {
  readonly #records: AuditRecord[] = []
  readonly #say: (line: string) => void
  constructor(say: (line: string) => void) {
    this.#say = say
  }

  note(record: AuditRecord): void {
    const { who, from, what, result } = record
    const [safeWho, safeResult] = [harmless(who), harmless(result)]
    this.#records.push({ ...record, who: safeWho, result: safeResult })
    if (this.#records.length > MOST) this.#records.shift()
    this.#say(`audit: ${safeWho} from ${from}: ${what}: ${record.status}${safeResult === '' ? '' : ` ${safeResult}`}`)
  }

  /** Newest first. */
  present(): readonly AuditRecord[] {
    return this.#records.toReversed()
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
