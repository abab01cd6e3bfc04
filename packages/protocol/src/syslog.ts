/**
 * A line of a daemon's log for the socket of a local syslog daemon: the header that all of them read there (RFC 3164, section 4.1, without the
 * host, as the C library writes it), and fields behind the text, since few read structured data (RFC 5424, section 6.3) at that socket; in its form.
 */
import { plainLine } from '@lvsm/base'
import { cut } from './cut.ts'
import { type LogTags, priorityOf, tagFields } from './journal.ts'
import { encodeText } from './text.ts'

/** Of daemons without a facility of their own. */
const FACILITY = 3
/** In UTF-16 units; every daemon takes more bytes than come of it, and a longer line says nothing more. */
export const LONGEST_SYSLOG_TEXT = 1600
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const two = (value: number, with_ = '0'): string => String(value).padStart(2, with_)

/** Local time, as the sender's clock shows it. */
export interface LocalTime {
  /** 0 is January. */
  readonly month: number
  readonly day: number
  readonly hours: number
  readonly minutes: number
  readonly seconds: number
}

/** A datagram. Nothing in it begins a line, or a header, of its own. */
export function encodeSyslog(
  { identifier, pid, at }: { readonly identifier: string; readonly pid: number; readonly at: LocalTime },
  text: string,
  tags: LogTags,
): Uint8Array {
  const time = `${MONTHS[at.month]} ${two(at.day, ' ')} ${two(at.hours)}:${two(at.minutes)}:${two(at.seconds)}`
  const head = `<${FACILITY * 8 + priorityOf(tags)}>${time} ${identifier}[${pid}]: `
  return encodeText(`${head}${cut(plainLine(text), LONGEST_SYSLOG_TEXT)}${structured(tags)}`)
}

/** ` [lvsm event="took" node="dir1" group="web" severity="info"]`. */
function structured(tags: LogTags): string {
  const fields = tagFields(tags)
  if (fields.length === 0) return ''
  const words = [...fields, ['severity', tags.severity] as const]
  return ` [lvsm ${words.map(([word, value]) => `${word}="${value.replace(/["\\\]]/g, '\\$&')}"`).join(' ')}]`
}
