/**
 * Nodes with other configurations than this one: who is the odd one, and in what. For a few seconds that is everyday, while a change is on
 * its way to all of them.
 */
import { between, type Instant, type Trouble } from '@lvsm/base'
import { type Agreement, agreementDigests, differences, isComparable, isForVotes, type Subject } from '@lvsm/model'
import { stateOf } from './peers.ts'
import { differenceText } from './settings.ts'
import { type NodeState } from './state.ts'

/** An agent speaks every two seconds, and takes a change over in one. Milliseconds. */
const ON_ITS_WAY_MS = 4000
/** From coordinators a large one takes its time, and nobody has to do anything: who has an older revision is only behind. */
const BEHIND_MS = 30_000

/** Nodes that differ from this one: at what revision of theirs, and since when. From coordinators, one that gets on is on its way. */
export interface Difference {
  readonly revision: number
  readonly since: Instant
}

/** What all nodes must agree on, as a node says that it has it; null: it did not say lately. */
export function agreementOf(state: NodeState, node: string): Partial<Agreement> | null {
  if (node === state.node) return state.config && agreementDigests(state.config)
  return stateOf(state, node)?.agreement ?? null
}

/** A node said what it has, or this one has something else now. */
export function noteDifference(state: NodeState, node: string): void {
  const revision = revisionOf(state, node)
  const known = state.differs.get(node)
  if (differencesWith(state, node).length === 0) state.differs.delete(node)
  else if (!known || (state.config?.followed && revision > known.revision))
    state.differs.set(node, { revision, since: state.now })
}
export function noteDifferences(state: NodeState): void {
  for (const node of state.states.keys()) noteDifference(state, node)
}

function differencesWith(state: NodeState, node: string): Subject[] {
  const [own, theirs] = [agreementOf(state, state.node), agreementOf(state, node)]
  return own && theirs ? differences(own, theirs) : []
}

/** In what a node says that it differs from this one, now. */
export const saidOtherwise = (state: NodeState, node: string): Subject[] => {
  const theirs = agreementOf(state, node)
  return differencesWith(state, node).filter((subject) => theirs?.[subject] !== undefined)
}

/** In what a node differs from this one, and not only while a change is on its way. */
export function differsIn(state: NodeState, node: string): Subject[] {
  const found = state.differs.get(node)
  const isLasting = found !== undefined && between(found.since, state.now) >= patienceMs(state, node)
  return isLasting ? differencesWith(state, node) : []
}
const patienceMs = (state: NodeState, node: string): number =>
  state.config?.followed && revisionOf(state, node) !== state.config.revision ? BEHIND_MS : ON_ITS_WAY_MS

/** In all that anybody has otherwise than this node, lastingly. */
export const differingSubjects = (state: NodeState): Set<Subject> =>
  new Set([...state.differs.keys()].flatMap((node) => differsIn(state, node)))

interface Odd {
  readonly nodes: readonly string[]
  readonly subjects: readonly Subject[]
}
/** Those that are alone with what they have; where no side has more nodes, all of them. */
function oddOnes(state: NodeState, nodes: readonly string[]): Odd[] {
  const said = new Map(nodes.map((node) => [node, agreementOf(state, node)] as const))
  const subjects = new Set(nodes.flatMap((node) => differsIn(state, node)))
  const found = new Map<string, Odd & { subjects: Subject[] }>()
  for (const subject of subjects) {
    const sides = sidesOf(said, subject, agreementOf(state, state.node) ?? {})
    const [first, second] = sides
    for (const side of first && second && first.length > second.length ? sides.slice(1) : [sides.flat()]) {
      const odd = found.get(side.join(' ')) ?? { nodes: side, subjects: [] }
      odd.subjects.push(subject)
      found.set(side.join(' '), odd)
    }
  }
  return [...found.values()]
}

/** Nodes that have the same, the most first; without those that an `own` of this version cannot be held against. */
function sidesOf(
  said: ReadonlyMap<string, Partial<Agreement> | null>,
  subject: Subject,
  own: Partial<Agreement>,
): string[][] {
  const sides = new Map<string, string[]>()
  for (const [node, digests] of said) {
    const digest = digests && isComparable(subject, own, digests) ? digests[subject] : undefined
    if (digest !== undefined) sides.set(digest, [...(sides.get(digest) ?? []), node])
  }
  return [...sides.values()].toSorted((one, other) => other.length - one.length)
}

/** The same words on every node that hears the same. */
export const disagreementTroubles = (state: NodeState): Trouble[] =>
  oddOnes(
    state,
    (state.config?.nodes ?? []).map(({ name }) => name),
  ).map(({ nodes, subjects }) => {
    const [first = ''] = nodes
    const what = subjects.join(', ')
    const exactly = differenceText(state, nodes, subjects)
    const message = `${
      nodes.length === 1
        ? `${first} has other ${what} in its configuration than the other nodes`
        : `${nodes.join(' and ')} have different ${what} in their configurations`
    }${exactly === '' ? '' : `: ${exactly}`}`
    const evidence = nodes.map((node) => `${node} has revision ${revisionOf(state, node)}`).join(', ')
    const hint = `compare their files (/etc/lvsm/lvsm.yaml; with coordinators: lvsm config show on each), give ${nodes.length === 1 ? first : 'all nodes'} the right one and reload it: systemctl reload lvsm-agent`
    return { code: 'disagreement', severity: 'critical', object: `node ${first}`, message, evidence, hint }
  })

const revisionOf = (state: NodeState, node: string): number =>
  (node === state.node ? state.config?.revision : stateOf(state, node)?.revision) ?? 0

/**
 * Why this node, with what it has, could own nothing that the others know: it is the odd one in what votes depend on. By the word of voters
 * and directors: no realserver keeps a group from anybody.
 */
export function oddHere(state: NodeState): string | null {
  const alone = oddPillars(state).find(({ nodes }) => nodes.length === 1 && nodes[0] === state.node)
  const subjects = alone?.subjects.filter(isForVotes) ?? []
  return subjects.length === 0 ? null : `has other ${subjects.join(', ')} in its configuration than the other nodes`
}

/** What keeps an owner from handing anything over to this node, although it takes over from one that fails; empty: nothing. */
export const otherHere = (state: NodeState): Subject[] => [
  ...new Set(oddPillars(state).flatMap(({ nodes, subjects }) => (nodes.includes(state.node) ? subjects : []))),
]

function oddPillars(state: NodeState): Odd[] {
  const pillars = (state.config?.nodes ?? []).filter(({ voter, roles }) => voter || roles.includes('director'))
  return oddOnes(
    state,
    pillars.map(({ name }) => name),
  )
}
