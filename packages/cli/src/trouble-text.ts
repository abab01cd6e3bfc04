/** A trouble in one line, with what comes of it, what was seen and the next step below. */
import { spanText } from '@lvsm/base'
import { consequenceOf, type NodeReport } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'
import type { Entry } from './unsaid.ts'

/** Warnings that are red all the same: the cluster works, and anybody may take it over. */
const RED: ReadonlySet<string> = new Set(['weak-mac'])
const SEVERITIES: Readonly<Record<string, Tone>> = { info: 'dim', warning: 'warn', critical: 'bad' }

export function troubleLine(trouble: Entry, paint: Paint, nodes: readonly NodeReport[] = []): string {
  const { severity, node, message, code, hint, leftMs, evidence, since, pastMs } = trouble
  const means = trouble.means ?? consequenceOf(trouble, nodes)
  const left = leftMs === undefined ? '' : `; over in ${Math.ceil(leftMs / 1000)} s`
  const begun = since === undefined ? '' : `; since ${since.replace('T', ' ').replace(/\.\d+/, '')}`
  const past = pastMs === undefined ? '' : `; the last of it ${spanText(pastMs)} ago; not now`
  const tone = pastMs !== undefined ? 'dim' : RED.has(code) ? 'bad' : (SEVERITIES[severity] ?? 'warn')
  const below = [
    ...(means === null ? [] : [`    so: ${means}`]),
    ...(evidence === undefined ? [] : [`    seen: ${evidence}`]),
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ]
  return [`  ${paint(tone, severity)}  ${node}: ${message} (${code}${begun})${left}${past}`, ...below].join('\n')
}
