/** How a trouble is shown: what is over is shown as over, and what comes of it is true of the node that has it. */
import { type Severity, spanText } from '@lvsm/base'
import { consequenceOf, isPresent, type NodeReport, type NodeTrouble } from '@lvsm/protocol'
import { say, type Said, type Tone } from './tones.ts'

const SEVERITIES: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'warn', info: 'off' }

export const severitySaid = (trouble: Pick<NodeTrouble, 'severity' | 'pastMs'>): Said =>
  isPresent(trouble) ? say(SEVERITIES[trouble.severity], trouble.severity) : say('off', 'over')

/** The lines below its message. */
export function linesOf(trouble: NodeTrouble, nodes: readonly NodeReport[]): string[] {
  const { evidence, pastMs } = trouble
  const past = pastMs === undefined ? undefined : `not now: the last of it was ${spanText(pastMs)} ago`
  return [past, consequenceOf(trouble, nodes) ?? undefined, evidence].filter((text) => text !== undefined)
}
