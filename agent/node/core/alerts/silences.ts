/**
 * Silences that hold now. The coordinators end them, by the clocks of a majority; where none is heard, a silence ends here at its own time: to
 * be told once too often is better than never.
 */
import type { Fact } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { isMatched, type Labels } from './labels.ts'

type Known = Pick<NodeState, 'facts' | 'met' | 'now' | 'wallMs'>

export function silencesOf({ facts, met, now, wallMs }: Known): Fact[] {
  const isOver = ({ until }: Fact): boolean => met === null && until !== null && wallMs(now) >= until
  return facts.list.filter((fact) => fact.intent === 'silence' && !isOver(fact))
}

export const silencing = (silences: readonly Fact[], labels: Labels): Fact | undefined =>
  silences.find(({ subject }) => subject.kind === 'alerts' && isMatched(subject.match, labels))
