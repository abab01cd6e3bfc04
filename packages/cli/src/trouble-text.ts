/** A trouble in one line, with its next step below. */
import { type NodeTrouble } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'

/** Warnings that are red all the same: the cluster works, and anybody may take it over. */
const RED: ReadonlySet<string> = new Set(['weak-mac'])
const SEVERITIES: Readonly<Record<string, Tone>> = { info: 'dim', warning: 'warn', critical: 'bad' }

export function troubleLine({ severity, node, message, code, hint, leftMs }: NodeTrouble, paint: Paint): string {
  const next = hint ? `\n    → ${hint}` : ''
  const left = leftMs === undefined ? '' : `; over in ${Math.ceil(leftMs / 1000)} s`
  const tone = RED.has(code) ? 'bad' : (SEVERITIES[severity] ?? 'warn')
  return `  ${paint(tone, severity)}  ${node}: ${message} (${code})${left}${next}`
}
