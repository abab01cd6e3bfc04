/** What operators want for a while, for eyes: drain, stop, standby, with who, since when and until when. */
import { spanText } from '@lvsm/base'
import { cutText as cutAt, type NodeReport, type Wanted } from '@lvsm/protocol'
import type { Paint } from './paint.ts'
import { table } from './table.ts'

/** The last millisecond that a date can have (ECMA-262, 21.4.1.1). */
const LAST_MS = 8.64e15
export const timeText = (ms: number): string => new Date(Math.min(ms, LAST_MS)).toISOString()

/** What is older is said with its age: agents speak every two seconds. Milliseconds. */
const OLD_MS = 3000
/** `5 s ago`; empty: it is of a moment ago, or nobody says how old it is. */
export const ageText = ({ ageMs }: Pick<NodeReport, 'ageMs'>): string =>
  typeof ageMs === 'number' && ageMs >= OLD_MS ? `${spanText(ageMs)} ago` : ''

/** As it follows a name: ` since 2026-10-27T08:00:00.000Z until 2026-10-27T10:00:00.000Z (new disk)`. */
export function periodText({ since, until, deadline, comment }: Wanted): string {
  const end = (until === null ? '' : ` until ${timeText(until)}`) + (deadline === undefined ? '' : cutText(deadline))
  return ` since ${timeText(since)}${end}${comment === '' ? '' : ` (${comment})`}`
}

export const cutText = (deadline: number): string => cutAt(deadline, timeText)

const HEAD = ['what', 'wanted', 'by', 'since', 'until', 'comment']

export function wantedTable(all: readonly Wanted[], paint: Paint): string {
  const rows = all.map(({ what, intent, author, since, until, deadline, comment, idle }) => [
    what + (idle ? paint('dim', ' (not in the configuration now)') : ''),
    paint('warn', intent) + (deadline === undefined ? '' : cutText(deadline)),
    author,
    timeText(since),
    until === null ? 'until it is ended' : timeText(until),
    comment,
  ])
  return table(HEAD, rows, paint)
}

/** `coordinators: maintenance, by ann since …; at the node: no maintenance, by an operator at dir1 since …; the newer word holds: no maintenance` */
export function wordsText({ shared, local, holds }: NonNullable<NodeReport['words']>): string {
  const word = (standby: boolean): string => (standby ? 'maintenance' : 'no maintenance')
  const both = [
    ...(shared ? [`coordinators: maintenance, by ${shared.author}${periodText(shared)}`] : []),
    ...(local ? [`at the node: ${word(local.standby)}, by ${local.author} since ${timeText(local.since)}`] : []),
  ]
  const newer = holds === 'local' ? local?.standby === true : shared !== null
  const alone = both.length === 1 && newer
  return alone ? both.join('') : `${both.join('; ')}; the newer word holds: ${word(newer)}`
}
