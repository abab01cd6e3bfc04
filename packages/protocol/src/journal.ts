/**
 * What a line of a daemon's log says beside its text, for whoever looks for it: a priority as syslog counts it (RFC 5424, section 6.2.1),
 * and fields, which the journal of systemd keeps as fields (systemd.io, JOURNAL_NATIVE_PROTOCOL). Elsewhere they stand behind the text.
 */
import { plainLine, type Severity } from '@lvsm/base'
import { encodeText } from './text.ts'

export interface LogTags {
  readonly severity: Severity
  /** Kind of the event, as `lvsm events` names it. */
  readonly event?: string
  /** Of a trouble. */
  readonly code?: string
  /** What a trouble is about, where that is neither a group nor a service. */
  readonly object?: string
  /** Who says it. */
  readonly node?: string
  readonly group?: string
  readonly service?: string
  /** Its lease number. */
  readonly lease?: number
}

const PRIORITIES = { critical: 2, warning: 4, info: 6 } as const satisfies Readonly<Record<Severity, number>>
export const priorityOf = ({ severity }: Pick<LogTags, 'severity'>): number => PRIORITIES[severity]

const WORDS = ['event', 'code', 'object', 'node', 'group', 'service', 'lease'] as const
/** What is known of a line, but for how bad it is. No value has an end of line in it. */
export const tagFields = (tags: LogTags): [word: string, value: string][] =>
  WORDS.flatMap((word): [string, string][] => {
    const value = tags[word]
    return value === undefined || value === '' ? [] : [[word, plainLine(String(value))]]
  })

/** Is there more to say than how bad it is? */
export const isTagged = (tags: LogTags): boolean => tagFields(tags).length > 0

/** A datagram for the journal's socket. No value has an end of line in it, so none can begin another field. */
export function encodeJournal(identifier: string, text: string, tags: LogTags): Uint8Array {
  const fields = [
    ['MESSAGE', plainLine(text)],
    ['PRIORITY', String(priorityOf(tags))],
    ['SYSLOG_IDENTIFIER', identifier],
    ...tagFields(tags).map(([word, value]) => [`LVSM_${word.toUpperCase()}`, value]),
    ['LVSM_SEVERITY', tags.severity],
  ]
  return encodeText(fields.map(([name, value]) => `${name}=${value}\n`).join(''))
}

/** ` [event=took node=dir1 group=web lease=7 severity=info]`: behind the text, where nothing keeps fields. */
export const tagWords = (tags: LogTags): string => {
  const words = tagFields(tags).map(
    ([word, value]) => `${word}=${/[\s"\]]/.test(value) ? JSON.stringify(value) : value}`,
  )
  return words.length === 0 ? '' : ` [${[...words, `severity=${tags.severity}`].join(' ')}]`
}
