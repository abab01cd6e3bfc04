/** What a node is, and what stands behind its reason, in the words of `lvsm status` and of the console. `time`: a moment, for whoever reads it. */
import { spanText } from '@lvsm/base'
import { cutText } from './server-words.ts'
import type { NodeReport, NodeState, Status, Wanted } from './status.ts'

/** What operators say by `lvsm standby` is maintenance, wherever it is told: a standby is a director that could take over. */
export const orderWord = (word: string): string => (word === 'standby' ? 'maintenance' : word)

export type TimeText = (ms: number) => string

/** A director under maintenance is not called what a ready successor is called, whatever an older agent says. */
export const nodeWord = ({ state, standby }: Pick<NodeReport, 'state' | 'standby'>): NodeState =>
  state === 'standby' && standby ? 'maintenance' : state

/** What is older is said with its age: agents speak every two seconds. Milliseconds. */
const OLD_MS = 3000
export const isOld = ({ ageMs }: Pick<NodeReport, 'ageMs'>): boolean => typeof ageMs === 'number' && ageMs >= OLD_MS

/** `5 s ago`; empty: it is of a moment ago, or nobody says how old it is. */
export const ageText = ({ ageMs }: Pick<NodeReport, 'ageMs'>): string =>
  typeof ageMs === 'number' && isOld({ ageMs }) ? `${spanText(ageMs)} ago` : ''

/** How old what is said of a group is, by the age of its owner's word. */
export function ownerAge({ groups, nodes }: Pick<Status, 'groups' | 'nodes'>, group: string): string {
  const owner = groups.find(({ name }) => name === group)?.owner
  return ageText(nodes.find(({ name }) => name === owner) ?? {})
}

/** As it follows a name: ` since 2026-10-27T08:00:00.000Z until 2026-10-27T10:00:00.000Z (new disk)`. */
export function periodText({ since, until, deadline, comment }: Wanted, time: TimeText): string {
  const end = (until === null ? '' : ` until ${time(until)}`) + (deadline === undefined ? '' : cutText(deadline, time))
  return ` since ${time(since)}${end}${comment === '' ? '' : ` (${comment})`}`
}

/** `coordinators: maintenance, by ann since …; at the node: no maintenance, by an operator at dir1 since …; the newer word holds: no maintenance` */
export function wordsText({ shared, local, holds }: NonNullable<NodeReport['words']>, time: TimeText): string {
  const word = (standby: boolean): string => (standby ? 'maintenance' : 'no maintenance')
  const both = [
    ...(shared ? [`coordinators: maintenance, by ${shared.author}${periodText(shared, time)}`] : []),
    ...(local ? [`at the node: ${word(local.standby)}, by ${local.author} since ${time(local.since)}`] : []),
  ]
  const newer = holds === 'local' ? local?.standby === true : shared !== null
  const alone = both.length === 1 && newer
  return alone ? both.join('') : `${both.join('; ')}; the newer word holds: ${word(newer)}`
}

/** Of its maintenance: where the reason says who wants it, only since when, and what ends it. */
function standbyNotes({ name, state, standby, words }: NodeReport, time: TimeText): string[] {
  const { shared = null, local = null } = words ?? {}
  const since =
    shared === null ? local && ` since ${time(local.since)}` : local === null ? periodText(shared, time) : null
  const ends = `lvsm standby off ${name} ends it`
  const isSaid = standby && state === 'maintenance'
  if (isSaid && since !== null) return [`${since.trim()}; ${ends}`]
  return [...(isSaid ? [ends] : standby ? [`maintenance; ${ends}`] : []), ...(words ? [wordsText(words, time)] : [])]
}

/** How old what is said of it is, where that is no moment ago. */
function heardNotes(node: NodeReport): string[] {
  const age = ageText(node)
  if (!node.agent) return [`no word from its agent${age === '' ? '' : `; ${age}`}`]
  return age === '' ? [] : [age]
}

/** What is to be known beside its reason. */
export const nodeNotes = (node: NodeReport, time: TimeText): string[] => [
  ...standbyNotes(node, time),
  ...heardNotes(node),
]
