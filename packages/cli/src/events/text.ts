/** Events for eyes: a table of those that were, a line for each that comes. */
import { spanText } from '@lvsm/base'
import { type HistoryEvent, orderWord } from '@lvsm/protocol'
import type { Paint, Tone } from '../paint.ts'
import { table } from '../table.ts'

const TONES: Readonly<Record<string, Tone>> = {
  took: 'good',
  recovered: 'good',
  over: 'good',
  lost: 'bad',
  ended: 'bad',
  failed: 'bad',
  trouble: 'bad',
  refused: 'warn',
  clock: 'warn',
  renumbered: 'warn',
}
const HEAD = ['time', 'age', 'node', 'group', 'what', 'lease', 'why']
/** Of a line that follows others, at least; the last column has no end. */
const WIDTHS = [24, 6, 6, 6, 10, 5]

/** By who answered; of an older one, by the clock of this machine, which may be another. */
export const ageOf = ({ ageMs, at }: HistoryEvent, nowMs: number): number =>
  ageMs ?? Math.max(0, nowMs - Date.parse(at))

const toneOf = ({ kind, severity }: HistoryEvent): Tone =>
  kind === 'trouble' && severity === 'warning' ? 'warn' : (TONES[kind] ?? 'strong')

const cells = (event: HistoryEvent, nowMs: number): string[] => [
  event.at,
  spanText(ageOf(event, nowMs)),
  event.node,
  event.group || '-',
  orderWord(event.kind),
  event.number > 0 ? String(event.number) : '-',
  event.reason,
]
const KIND = HEAD.indexOf('what')

/** Newest last, as in a log. */
export function eventsText(events: readonly HistoryEvent[], paint: Paint, nowMs = Date.now()): string {
  if (events.length === 0) return 'No events.\n'
  const rows = events.map((event) => cells(event, nowMs).with(KIND, paint(toneOf(event), orderWord(event.kind))))
  return `${table(HEAD, rows, paint, ['age', 'lease'])}\n`
}

/** One line after the other: columns are as wide as what came so far. */
export class EventLines {
  readonly #paint: Paint
  readonly #widths = [...WIDTHS]

  constructor(paint: Paint) {
    this.#paint = paint
  }

  head(): string {
    return this.#line(HEAD, (text) => this.#paint('dim', text))
  }
  of(event: HistoryEvent, nowMs = Date.now()): string {
    return this.#line(cells(event, nowMs), (text, at) => (at === KIND ? this.#paint(toneOf(event), text) : text))
  }

  #line(texts: readonly string[], painted: (text: string, at: number) => string): string {
    const columns = texts.map((text, at) => {
      const width = Math.max(this.#widths[at] ?? 0, text.length)
      if (at < this.#widths.length) this.#widths[at] = width
      return painted(text, at) + (at < this.#widths.length ? ' '.repeat(width - text.length) : '')
    })
    return `  ${columns.join('  ').trimEnd()}\n`
  }
}
