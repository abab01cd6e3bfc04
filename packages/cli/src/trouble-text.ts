/** A trouble in one line, with what comes of it, what was seen and the next step below. */
import { troubleKind } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'
import type { Entry } from './unsaid.ts'

/** Warnings that are red all the same: the cluster works, and anybody may take it over. */
const RED: ReadonlySet<string> = new Set(['weak-mac'])
const SEVERITIES: Readonly<Record<string, Tone>> = { info: 'dim', warning: 'warn', critical: 'bad' }

export function troubleLine(trouble: Entry, paint: Paint): string {
  const { severity, node, message, code, hint, leftMs, evidence, since } = trouble
  const means = trouble.means ?? troubleKind(code)?.means
  const left = leftMs === undefined ? '' : `; over in ${Math.ceil(leftMs / 1000)} s`
  const begun = since === undefined ? '' : `; since ${since.replace('T', ' ').replace(/\.\d+/, '')}`
  const tone = RED.has(code) ? 'bad' : (SEVERITIES[severity] ?? 'warn')
  const below = [
    ...(means === undefined ? [] : [`    so: ${means}`]),
    ...(evidence === undefined ? [] : [`    seen: ${evidence}`]),
    ...(hint === undefined ? [] : [`    → ${hint}`]),
  ]
  return [`  ${paint(tone, severity)}  ${node}: ${message} (${code}${begun})${left}`, ...below].join('\n')
}
