/** Rates of the last hours for eyes: sparklines on a terminal, plain numbers elsewhere. */
import type { RateHistory, RateLines, RateSeries } from '@lvsm/protocol'
import type { Paint } from '../paint.ts'
import { figure } from './figures.ts'

export interface HistoryView {
  /** The one that was asked for. */
  readonly service?: string | undefined
  /** Of the terminal; null: this is none. */
  readonly columns: number | null
}
type Line = RateLines[keyof RateLines]

const MARKS = '▁▂▃▄▅▆▇█'
/** Where nothing is known. */
const GAP = '·'
const SHOWN = [
  ['connections', 'conn/s'],
  ['inPackets', 'packets in/s'],
  ['outPackets', 'packets out/s'],
  ['inBytes', 'bytes in/s'],
  ['outBytes', 'bytes out/s'],
] as const satisfies readonly (readonly [keyof RateLines, string])[]
const LABEL = Math.max(...SHOWN.map(([, label]) => label.length))
/** Around the marks: margins, the label, and three figures. */
const AROUND = 8 + LABEL + 3 * 9
/** Marks of a span, and of one where the terminal is narrow. */
const SPANS = [
  { key: 'hour', title: 'the last hour', marks: [60, 30, 20], ofMs: 3_600_000 },
  { key: 'halfDay', title: 'the last twelve hours', marks: [72, 36, 24], ofMs: 43_200_000 },
] as const

export function historyText(report: RateHistory, view: HistoryView, paint: Paint): string {
  const { cluster, node, at, directs, total, services, rest, more } = report
  const title = `${paint('strong', cluster)}  rates of the kernel of ${node}`
  if (!directs) return `${title}\n${paint('warn', `${node} directs no service: there is nothing to sample`)}\n`
  if (at === null)
    return `${title}\n${paint('warn', 'there is no sample yet: the first one comes within 20 seconds')}\n`
  const { service } = view
  const parts = [
    ...(service === undefined ? [seriesText('all services', total, report, view, paint)] : []),
    ...services.map((one) => seriesText(one.name, one, report, view, paint)),
    ...(service === undefined && rest
      ? [seriesText('services without a series of their own', rest, report, view, paint)]
      : []),
    ...(service !== undefined && services.length === 0
      ? [
          `${paint('strong', service)}\n  ${paint('dim', 'no traffic in the last twelve hours, as this node has seen it')}`,
        ]
      : []),
    ...(service === undefined && more.length > 0
      ? [paint('dim', `and of one alone, lvsm stats --history: ${more.join(', ')}`)]
      : []),
  ]
  return `${title}, until ${at}\n\n${parts.join('\n\n')}\n`
}

function seriesText(name: string, series: RateSeries, report: RateHistory, view: HistoryView, paint: Paint): string {
  const spans = SPANS.map(({ key, title, marks, ofMs }) => {
    const stepMs = report.stepMs[key]
    if (view.columns === null) return numbersText(title, series[key], ofMs / marks[0], stepMs)
    const room = view.columns - AROUND
    const count = marks.find((one) => one <= room) ?? marks[2]
    return marksText(title, series[key], { count, perMark: ofMs / count, stepMs }, paint)
  })
  return `${paint('strong', name)}\n${spans.join('\n')}`
}

interface Scale {
  readonly count: number
  readonly perMark: number
  readonly stepMs: number
}
function marksText(title: string, lines: RateLines, { count, perMark, stepMs }: Scale, paint: Paint): string {
  const head = `  ${title}, a mark for ${spanOf(perMark)}`
  const figures = ['now', 'mean', 'highest'].map((one) => one.padStart(9)).join('')
  const rows = SHOWN.map(([key, label]) => {
    const line = lines[key]
    const marks = sparkline(means(line, perMark / stepMs).slice(-count)).padStart(count, ' ')
    return `    ${label.padEnd(LABEL)}  ${marks}${summary(line)
      .map((one) => one.padStart(9))
      .join('')}`
  })
  return [`${paint('dim', head.padEnd(6 + LABEL + count) + figures)}`, ...rows].join('\n')
}
/** Oldest first, one for each minute, or ten. */
function numbersText(title: string, lines: RateLines, perNumber: number, stepMs: number): string {
  const head = `  ${title}, oldest first, one for ${spanOf(perNumber)}; - is not known`
  const rows = SHOWN.map(([key, label]) => {
    const all = means(lines[key], perNumber / stepMs).map((one) => (one === null ? '-' : figure(one)))
    return `    ${label}: ${all.length === 0 ? '-' : all.join(' ')}`
  })
  return [head, ...rows].join('\n')
}
const spanOf = (ms: number): string =>
  ms < 60_000 ? `${Math.round(ms / 1000)} s` : ms === 60_000 ? 'each minute' : `${Math.round(ms / 60_000)} min`

/** Of so many samples each; the newest is of whole ones, and what is known of the oldest counts. Null: nothing is known of that time. */
export function means(line: Line, per: number): (number | null)[] {
  const found: (number | null)[] = []
  for (let end = line.length; end > 0; end -= per) found.unshift(meanOf(line.slice(Math.max(0, end - per), end)))
  return found
}
function meanOf(values: Line): number | null {
  const known = values.filter((one) => one !== null)
  return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
}

/** From nothing to the highest of them. */
export function sparkline(values: readonly (number | null)[]): string {
  const highest = Math.max(0, ...values.filter((one) => one !== null))
  return values
    .map((one) => {
      if (one === null) return GAP
      const at = highest === 0 ? 0 : Math.ceil((one / highest) * (MARKS.length - 1))
      return MARKS[at] ?? GAP
    })
    .join('')
}
function summary(line: Line): string[] {
  const known = line.filter((one) => one !== null)
  const [now, mean] = [line.at(-1) ?? null, meanOf(line)]
  return [now, mean, known.length === 0 ? null : Math.max(...known)].map((one) => (one === null ? '-' : figure(one)))
}
