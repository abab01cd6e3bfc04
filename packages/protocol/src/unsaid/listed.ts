/** What a status says is wrong, in one list: its troubles, and what no trouble says. */
import { spanText } from '@lvsm/base'
import type { NodeReport, NodeTrouble } from '../http/status.ts'
import { consequenceOf } from '../troubles/by-role.ts'
import { concernedText, type Facts, isAfterTakeover } from '../troubles/concerned.ts'

export interface ListedTrouble extends NodeTrouble {
  /** In place of what its kind says comes of it. */
  readonly means?: string
}

/** What comes of it, for the node that has it; null: a kind that this version does not know. */
export const meansOf = (entry: ListedTrouble, nodes: readonly NodeReport[]): string | null =>
  entry.means ?? consequenceOf(entry, nodes)

/** Of what is over; null: it is so now. */
export const pastText = ({ pastMs }: Pick<NodeTrouble, 'pastMs'>): string | null =>
  pastMs === undefined ? null : `over: the last of it ${spanText(pastMs)} ago`

/** What stands below its sentence: what comes of it, and for whom, and what was seen. */
export function linesBelow(entry: ListedTrouble, facts: Facts): string[] {
  const means = meansOf(entry, facts.nodes)
  const when = isAfterTakeover(entry, facts) ? 'after a takeover: ' : ''
  const concerned = concernedText(entry, facts)
  return [
    ...(means === null ? [] : [`so: ${when}${means}${concerned === '' ? '' : `; ${concerned}`}`]),
    ...(entry.evidence === undefined ? [] : [`seen: ${entry.evidence}`]),
  ]
}
