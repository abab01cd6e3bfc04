/** What operators want for a while, for eyes: drain, stop, maintenance, with who, since when and until when. */
import { cutText as cutAt, orderWord, type Wanted } from '@lvsm/protocol'
import type { Paint } from './paint.ts'
import { table } from './table.ts'

/** The last millisecond that a date can have (ECMA-262, 21.4.1.1). */
const LAST_MS = 8.64e15
export const timeText = (ms: number): string => new Date(Math.min(ms, LAST_MS)).toISOString()

export const cutText = (deadline: number): string => cutAt(deadline, timeText)

const HEAD = ['what', 'wanted', 'by', 'since', 'until', 'comment']

export function wantedTable(all: readonly Wanted[], paint: Paint): string {
  const rows = all.map(({ what, intent, author, since, until, deadline, comment, idle }) => [
    what + (idle ? paint('dim', ' (not in the configuration now)') : ''),
    paint('warn', orderWord(intent)) + (deadline === undefined ? '' : cutText(deadline)),
    author,
    timeText(since),
    until === null ? 'until it is ended' : timeText(until),
    comment,
  ])
  return table(HEAD, rows, paint)
}
