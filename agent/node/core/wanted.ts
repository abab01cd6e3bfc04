/** What operators want for a while, beside the configuration: which of it concerns this node. */
import { subjectText } from '@lvsm/changes'
import type { Fact, Facts } from '@lvsm/protocol'
import { directorsOf } from './entitled.ts'
import { heldGroups } from './lease.ts'
import { note } from './history/history.ts'
import { log, type NodeState } from './state.ts'

export const factText = ({ subject, intent, author, comment }: Fact): string =>
  `${subjectText(subject)}: ${intent}, by ${author}${comment === '' ? '' : ` (${comment})`}`

/** Tells what began and what is over: in the log of every node, in the history by the node that it is about. */
export function noteWanted(state: NodeState, before: Facts): void {
  const known = ({ list }: Facts): ReadonlySet<number> => new Set(list.map(({ number }) => number))
  const [then, now] = [known(before), known(state.facts)]
  const begun = state.facts.list.filter(({ number }) => !then.has(number))
  const again = new Set(begun.map(({ subject }) => subjectText(subject)))
  // Of one subject there is one fact: a new one in its place says enough.
  const over = before.list.filter(({ number, subject }) => !now.has(number) && !again.has(subjectText(subject)))
  for (const fact of over) tell(state, fact, `no longer wanted: ${factText(fact)}`)
  for (const fact of begun) tell(state, fact, `wanted: ${factText(fact)}`)
}

function tell(state: NodeState, fact: Fact, reason: string): void {
  const groups = groupsOf(state, fact)
  if (groups.length === 0) log(state, reason)
  for (const group of groups) note(state, { group, kind: 'wanted', number: 0, reason })
}

/** Under which groups this node tells of it; the empty name: it is about the node itself. */
function groupsOf(state: NodeState, { subject }: Fact): readonly string[] {
  // No node has it alone: the first director of the configuration tells of it.
  if (subject.kind === 'alerts') return directorsOf(state)[0] === state.node ? [''] : []
  if (subject.kind === 'node') return subject.node === state.node ? [''] : []
  const groups =
    subject.kind === 'group'
      ? [subject.group]
      : (state.config?.services ?? [])
          .filter(({ name }) => subject.service === null || subject.service === name)
          .filter(({ realservers }) => realservers.some(({ node }) => node === subject.node))
          .map(({ group }) => group)
  const held = heldGroups(state)
  return [...new Set(groups)].filter((group) => held.has(group) || isFirst(state, group))
}

/** Of a group that nobody owns the first director tells. */
const isFirst = (state: NodeState, group: string): boolean =>
  state.lease.status?.groups.find(({ name }) => name === group)?.owner === null &&
  state.config?.groups.find(({ name }) => name === group)?.directors[0] === state.node
