/** A trouble in one line, with its next step below. */
import { type NodeTrouble } from '@lvsm/protocol'
import type { Paint, Tone } from './paint.ts'

/** Warnings that are red all the same: the cluster works, and anybody may take it over. */
const RED: ReadonlySet<string> = new Set(['weak-mac'])
const SEVERITIES: Readonly<Record<string, Tone>> = { info: 'dim', warning: 'warn', critical: 'bad' }

/** What several nodes say in the same words, about the configuration that they share, is one trouble of all of them. */
export function together(troubles: readonly NodeTrouble[]): NodeTrouble[] {
  const found = new Map<string, NodeTrouble>()
  for (const trouble of troubles) {
    const { node, ...said } = trouble
    const words = JSON.stringify(Object.entries(said).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const before = found.get(words)
    found.set(words, before ? { ...before, node: `${before.node}, ${node}` } : trouble)
  }
  return [...found.values()]
}

export function troubleLine({ severity, node, message, code, hint, leftMs }: NodeTrouble, paint: Paint): string {
  const next = hint ? `\n    → ${hint}` : ''
  const left = leftMs === undefined ? '' : `; over in ${Math.ceil(leftMs / 1000)} s`
  const tone = RED.has(code) ? 'bad' : (SEVERITIES[severity] ?? 'warn')
  return `  ${paint(tone, severity)}  ${node}: ${message} (${code})${left}${next}`
}
