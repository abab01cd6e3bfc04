/** What a status says is wrong, in one list: its troubles, and what no trouble says. */
import { spanText } from '@lvsm/base'
import type { NodeReport, NodeTrouble } from '../http/status.ts'
import { consequenceOf } from '../troubles/by-role.ts'

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

/** What stands below its sentence: what comes of it, and what was seen. */
export function linesBelow(entry: ListedTrouble, nodes: readonly NodeReport[]): string[] {
  const means = meansOf(entry, nodes)
  return [
    ...(means === null ? [] : [`so: ${means}`]),
    ...(entry.evidence === undefined ? [] : [`seen: ${entry.evidence}`]),
  ]
}
