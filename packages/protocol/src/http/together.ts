/** What several nodes tell in the same words, as one trouble of all of them, in the order of a status. */
import { cut, cutHint, OF_TROUBLE } from '../cut.ts'
import { type NodeTrouble, SEVERITIES } from './status.ts'

/**
 * What several nodes say in the same words, as far as there was room for them, about the configuration that they share, is one trouble of all of them: since it began at the
 * first, with the evidence of that one. What is so at one of them is so now, and what is over at all of them was so last where that is the least ago. What is so now first, then the worst; of these what a node says of itself, before what others say who only see it.
 */
export function together<Told extends NodeTrouble>(troubles: readonly Told[]): Told[] {
  const found = new Map<string, { readonly trouble: Told; readonly nodes: readonly string[] }>()
  for (const trouble of troubles) {
    const { node, evidence: _, since: __, pastMs: ___, ...whole } = trouble
    const said = { ...whole, message: cut(whole.message, OF_TROUBLE.message), ...cutHintOf(whole) }
    const words = JSON.stringify(Object.entries(said).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const before = found.get(words)
    const nodes = before?.nodes ?? []
    found.set(words, {
      trouble: before ? bothOf(before.trouble, trouble) : trouble,
      nodes: said.object === `node ${node}` ? [node, ...nodes] : [...nodes, node],
    })
  }
  return [...found.values()]
    .toSorted((one, other) => rankOf(one.trouble, one.nodes) - rankOf(other.trouble, other.nodes))
    .map(({ trouble, nodes }) => ({ ...trouble, node: nodes.join(', ') }))
}
const cutHintOf = ({ hint }: { readonly hint?: string | undefined }): { hint?: string } =>
  hint === undefined ? {} : { hint: cutHint(hint, OF_TROUBLE.hint) }
function bothOf<Told extends NodeTrouble>(one: Told, other: Told): Told {
  if (isPresent(one) !== isPresent(other)) return isPresent(one) ? one : other
  const isFirst = one.since === undefined || (other.since !== undefined && other.since < one.since)
  // Of the one, in the words that are whole.
  const [told, longer] = [isFirst ? other : one, one.message.length > other.message.length ? one : other]
  return {
    ...told,
    message: longer.message,
    ...(longer.hint === undefined ? {} : { hint: longer.hint }),
    ...pastOf(one, other),
  }
}
function pastOf(one: NodeTrouble, other: NodeTrouble): { pastMs?: number } {
  return one.pastMs === undefined || other.pastMs === undefined ? {} : { pastMs: Math.min(one.pastMs, other.pastMs) }
}
/** It is so now. */
export const isPresent = ({ pastMs }: Pick<NodeTrouble, 'pastMs'>): boolean => pastMs === undefined
const PAST = 2 * SEVERITIES.length
const rankOf = ({ severity, object = '', pastMs }: NodeTrouble, [first = '']: readonly string[]): number =>
  (pastMs === undefined ? 0 : PAST) +
  2 * SEVERITIES.indexOf(severity) +
  (object.startsWith('node ') && object !== `node ${first}` ? 1 : 0)
