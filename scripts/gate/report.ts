/** What the gate prints: a line for each step as it ends, the complaints, a summary. */
import type { Result } from './steps.ts'
import { isGreen } from './tally.ts'

/** Longer complaints are cut in the middle: the first fault and the totals are what one reads. */
const LONGEST_COMPLAINT = 200

export function printResult({ step, tally, seconds, seen, complaint }: Result): void {
  console.log(`${isGreen(tally) ? 'ok  ' : 'FAIL'}  ${step.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s  ${seen}`)
  if (complaint) console.log(cut(complaint.trimEnd()).replaceAll(/^/gm, '      '))
}

function cut(text: string): string {
  const lines = text.split('\n')
  if (lines.length <= LONGEST_COMPLAINT) return text
  const half = LONGEST_COMPLAINT / 2
  return [...lines.slice(0, half), `… ${lines.length - LONGEST_COMPLAINT} lines …`, ...lines.slice(-half)].join('\n')
}
