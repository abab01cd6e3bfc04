import { type HistoryEvent } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'
import { table } from './table.ts'

const TONES: Readonly<Record<string, Tone>> = { took: 'good', lost: 'bad', refused: 'warn' }

/** Newest last, as in a log. */
export function eventsText(events: readonly HistoryEvent[], paint: Paint): string {
  if (events.length === 0) return 'No events yet.\n'
  const rows = events.map((event) => [
    event.at,
    event.node,
    event.group || '-',
    paint(TONES[event.kind] ?? 'strong', event.kind),
    String(event.number),
    event.reason,
  ])
  return `${table(['time', 'node', 'group', 'what', 'lease', 'why'], rows, paint, ['lease'])}\n`
}
