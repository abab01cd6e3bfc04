/** The configuration for eyes: differences, plans, history. */
import { deadlineOf, type Line, lineText, subjectText, summaryOf, wantedOf } from '@lvsm/changes'
import { describeRefusal, type Warning } from '@lvsm/base'
import {
  type DifferenceLine,
  type Fact,
  type HistoryReport,
  orderWord,
  type PreviewReport,
  type RevisionReport,
} from '@lvsm/protocol'
import type { Paint, Tone } from '../paint.ts'
import { table } from '../table.ts'
import { cutText, timeText, wantedTable } from '../wanted-text.ts'

const TONES: Readonly<Record<Line['kind'], Tone>> = { add: 'good', remove: 'bad', change: 'warn' }

const linesText = (lines: readonly DifferenceLine[], paint: Paint, indent = ''): string =>
  lines.map((line) => `${indent}${paint(TONES[line.kind], lineText(line))}\n`).join('')

/** A line for each thing, then one of how many there are. */
export const differenceText = (lines: readonly DifferenceLine[], paint: Paint): string =>
  `${linesText(lines, paint)}${paint('strong', summaryOf(lines))}\n`

export const warningsText = (warnings: readonly Warning[]): string =>
  warnings.map((one) => `${describeRefusal(one)}\n`).join('')

/** What would be: the difference, what each node would do about it, and what is odd. */
export function previewText({ base, lines, nodes, warnings }: PreviewReport, paint: Paint): string {
  const plans = nodes.map(({ node, lines: own }) => `${paint('strong', node)}\n${linesText(own, paint, '  ')}`)
  const idle = lines.length > 0 && nodes.length === 0 ? 'no node has anything to do\n' : ''
  return `on revision ${base}:\n${differenceText(lines, paint)}${plans.join('')}${idle}${warningsText(warnings)}`
}

export function historyText({ revisions, next }: HistoryReport, paint: Paint): string {
  const rows = revisions.map(({ number, at, author, comment, summary, rollbackTo }) => [
    String(number),
    timeText(at),
    author,
    rollbackTo === undefined ? summary : `${summary} (back to ${rollbackTo})`,
    comment,
  ])
  const more = next === null ? '' : `older ones: lvsm config history --before ${next}\n`
  return `${table(['revision', 'time', 'author', 'what', 'comment'], rows, paint, ['revision'])}\n${more}`
}

export function revisionText({ revision, lines }: RevisionReport, paint: Paint): string {
  const { number, at, author, comment } = revision
  const about = comment === '' ? '' : `\n${comment}`
  return `${paint('strong', `revision ${number}`)}  ${timeText(at)}  ${author}${about}\n${differenceText(lines, paint)}`
}

export function factsText(facts: readonly Fact[], idle: readonly Fact[], paint: Paint): string {
  if (facts.length === 0) return 'Nothing is drained, stopped, silenced or under maintenance.\n'
  const waiting = new Set(idle.map(({ subject }) => subjectText(subject)))
  const all = facts.map((fact) => wantedOf(fact, waiting.has(subjectText(fact.subject))))
  return `${wantedTable(all, paint)}\n`
}

/** What became of what was wanted: `+ server rs1: drain`. */
export function wantedText(added: readonly Fact[], removed: readonly Fact[], paint: Paint): string {
  const line = (fact: Fact): string => {
    const { subject, intent, until, comment } = fact
    const [end, deadline] = [until === null ? '' : ` until ${timeText(until)}`, deadlineOf(fact)]
    return `${subjectText(subject)}: ${orderWord(intent)}${end}${deadline === null ? '' : cutText(deadline)}${comment === '' ? '' : ` (${comment})`}`
  }
  const lines = [
    ...removed.map((fact): Line => ({ kind: 'remove', text: line(fact) })),
    ...added.map((fact): Line => ({ kind: 'add', text: line(fact) })),
  ]
  return lines.length === 0 ? 'it is so already\n' : linesText(lines, paint)
}
