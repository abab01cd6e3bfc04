/** An explanation for eyes: a paragraph, then the words of the nodes. */
import { spanText } from '@lvsm/base'
import type { Paint } from '../paint.ts'
import type { Explanation } from './subject.ts'

const sentence = (text: string): string => (text === '' ? '' : `${text}.`)

/** `now`: milliseconds of this machine's wall clock, for how long ago, or how long before then, something was. */
export function explanationText(
  { what, since, why, change, evidence }: Explanation,
  paint: Paint,
  now: number,
  ago: 'ago' | 'before' = 'ago',
): string {
  const when = since === null ? '' : `Since ${since}${agoText(since, now, ago)}`
  const lines = [
    `${paint('strong', sentence(what))}${when === '' ? '' : ` ${sentence(when)}`}`,
    ...(why === '' ? [] : [`Why: ${why}.`]),
    ...change.map((one) => `→ ${one}`),
  ]
  const width = Math.max(...evidence.map(({ node }) => node.length), 0)
  const words = evidence.map(({ node, text }) => `  ${node.padEnd(width)}  ${text}`)
  return `${lines.join('\n')}\n${words.length === 0 ? '' : `\n${paint('strong', 'EVIDENCE')}\n${words.join('\n')}\n`}`
}

/** Nothing, where the clocks disagree. */
export function agoText(at: string, now: number, ago: 'ago' | 'before' = 'ago'): string {
  const ms = now - Date.parse(at)
  return ms >= 0 ? ` (${spanText(ms)} ${ago})` : ''
}
