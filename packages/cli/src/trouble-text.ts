/** A trouble in one line, with its next step below. */
import { type NodeTrouble } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'

const SEVERITIES: Readonly<Record<string, Tone>> = { info: 'dim', warning: 'warn', critical: 'bad' }

export function troubleLine({ severity, node, message, code, hint, leftMs }: NodeTrouble, paint: Paint): string {
  const next = hint ? `\n    → ${hint}` : ''
  const left = leftMs === undefined ? '' : `; over in ${Math.ceil(leftMs / 1000)} s`
  return `  ${paint(SEVERITIES[severity] ?? 'warn', severity)}  ${node}: ${message} (${code})${left}${next}`
}
