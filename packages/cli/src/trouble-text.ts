/** A trouble in one line, with what comes of it, what was seen and the next step below. */
import { type ConcernedFacts, type ListedTrouble, linesBelow, pastText } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'

/** Warnings that are red all the same: the cluster works, and anybody may take it over. */
const RED: ReadonlySet<string> = new Set(['weak-mac'])
const SEVERITIES: Readonly<Record<string, Tone>> = { info: 'dim', warning: 'warn', critical: 'bad' }

/** Where no status is at hand. */
const NOTHING: ConcernedFacts = { nodes: [], groups: [], services: [] }

export function troubleLine(trouble: ListedTrouble, paint: Paint, facts: ConcernedFacts = NOTHING): string {
  const { severity, node, message, code, hint, leftMs, since, pastMs } = trouble
  const left = leftMs === undefined ? '' : `; over in ${Math.ceil(leftMs / 1000)} s`
  const begun = since === undefined ? '' : `; since ${since.replace('T', ' ').replace(/\.\d+/, '')}`
  const past = pastText(trouble)
  const was = past === null ? '' : `; it was ${severity}`
  const tone = pastMs !== undefined ? 'dim' : RED.has(code) ? 'bad' : (SEVERITIES[severity] ?? 'warn')
  const below = [
    ...linesBelow(trouble, facts).map((line) => `    ${line}`),
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ]
  return [`  ${paint(tone, past ?? severity)}  ${node}: ${message} (${code}${begun}${was})${left}`, ...below].join('\n')
}
