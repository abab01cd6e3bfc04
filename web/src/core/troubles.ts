/** How what is wrong is shown: what is over is shown as over, and what comes of it is true of the node that has it. */
import type { Severity } from '@lvsm/base'
import {
  type ConcernedFacts,
  type ListedTrouble,
  isPresent,
  linesBelow,
  type NodeTrouble,
  pastText,
} from '@lvsm/protocol'
import { say, type Said, type Tone } from './tones.ts'

const SEVERITIES: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'warn', info: 'off' }

export const severitySaid = (trouble: Pick<NodeTrouble, 'severity' | 'pastMs'>): Said =>
  isPresent(trouble) ? say(SEVERITIES[trouble.severity], trouble.severity) : say('off', 'over')

/** The lines below its message. */
export const linesOf = (entry: ListedTrouble, facts: ConcernedFacts): string[] => [
  ...[pastText(entry)].filter((text) => text !== null),
  ...linesBelow(entry, facts),
]
