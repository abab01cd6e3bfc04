/**
 * The three questions of whoever is called at night, answered from a status: is every service served, is every realserver serving that
 * should, and could each group move now? The first lines of `lvsm status` and of the console, and what `status --check` ends with.
 * What is not known is never a yes.
 */
import { cut, cutHint, OF_TROUBLE } from '../cut.ts'
import { hinderedTexts, unforwardedTexts } from './hindered.ts'
import { isAgentless, movableOf, movesOf, NO_MAJORITY } from './movable.ts'
import { troubleKind } from '../troubles/table.ts'
import {
  isDoubted,
  isServer,
  isTold,
  ownFaults,
  servedOf,
  uncheckedOf,
  unopenedOf,
  unservedOf,
  unservingOf,
} from './serving.ts'
import { type GroupReport, type NodeReport, type NodeTrouble, SEVERITIES, type Status } from './status.ts'

export const HEALTHS = ['healthy', 'degraded', 'not served', 'not known'] as const
export type Health = (typeof HEALTHS)[number]

export interface Verdict {
  readonly health: Health
  /** What is not served; a service, or a group that has none, each with its reason. */
  readonly unserved: readonly string[]
  /** Realservers that should serve and do not, and what stands in the way of the service as a whole. */
  readonly unserving: readonly string[]
  /** What is served, and not to everybody, or not well: a realserver that loses some of its packets, somebody else who answers for an address. */
  readonly impaired: readonly string[]
  /** Groups that could not move now, or would not survive their owner. */
  readonly unmovable: readonly string[]
  /** What works, and would not after one more fault: a link, a standby that knows less, a coordinator. */
  readonly thin: readonly string[]
  /** So many critical troubles that nodes tell. */
  readonly critical: number
  /** What else makes it degraded. */
  readonly other: readonly string[]
  readonly unknown: readonly string[]
  readonly warnings: number
  /** Service → it is served; null: not known. What operators took out of service as a whole is left out. */
  readonly served: ReadonlyMap<string, boolean | null>
  /** Services whose checks all fail, and whose realservers go on taking connections. */
  readonly doubted: ReadonlySet<string>
  /** Group that somebody owns → another director could have it now, and if its owner died; null: not known. */
  readonly movable: ReadonlyMap<string, boolean | null>
  /** Service → why it is not served, or who of its realservers does not serve; group → why it could not move. Its own sentence of those above. */
  readonly faults: { readonly services: ReadonlyMap<string, string>; readonly groups: ReadonlyMap<string, string> }
}

type Answers = 'health' | 'served' | 'doubted' | 'movable' | 'faults'

/** `coordinators`: what is wrong with them, where somebody asked. */
export function judge(status: Status, coordinators: readonly string[] = []): Verdict {
  const { groups, services, troubles } = status
  const unserved = groups.flatMap((group) => unservedOf(group, status))
  const owned = new Map(groups.filter(isOwned).map((group) => [group.name, group]))
  const shown = services.filter((one) => owned.has(one.group) && !unserved.some(({ name }) => name === one.name))
  const told = shown.filter((service) => isTold(status, service))
  const out = told.flatMap((service) => unservingOf(status, service))
  // What a service is said to be out for is not said again of the node that says it.
  const isNew = (message: string): boolean => ![...unserved, ...out].some(({ text }) => text.includes(message))
  const ownTexts = (costs: 'serving' | 'quality'): string[] =>
    status.nodes
      .filter(({ name }) => isServer(name, status))
      .flatMap(({ name }) => ownFaults(name, troubles, costs))
      .flatMap(({ node, message }) => (isNew(message) ? [`${node}: ${message}`] : []))
  const unserving = [
    ...out.map(({ text }) => text),
    ...told.flatMap((service) => unopenedOf(status, service)),
    ...unforwardedTexts(status, told),
    ...ownTexts('serving'),
  ]
  const impaired = [...hinderedTexts(status, told), ...ownTexts('quality')]
  const isStanding = ({ code, node, object = '' }: NodeTrouble): boolean =>
    code === 'drop-rule' && moves.some(({ fault }) => fault.some((text) => isShutBy(text, node, object)))
  const moves = [...owned.values()].map((group) => ({ group: group.name, ...movesOf(group, status) }))
  // What is over asks nothing of anybody.
  const found = together(troubles).filter(isPresent)
  const critical = found.filter(({ severity }) => severity === 'critical').length
  const other = [...deadOf(status), ...agentlessOf(status), ...withoutMajority(status)]
  const unknown = [
    ...(status.nodes.length === 0 ? [`what is to be served (${status.node} has no configuration)`] : []),
    ...groups.filter(({ state }) => state === 'unknown').map(({ name, reason }) => `who owns ${name} (${reason})`),
    ...shown.filter((one) => !told.includes(one)).map(({ name, group }) => tableOf(name, owned.get(group))),
    ...told.flatMap(uncheckedOf),
    ...moves.flatMap(({ unknown: one }) => one),
    ...unheardOf(status),
  ]
  const said = {
    unserved: unserved.map(({ text }) => text),
    unserving,
    impaired,
    unmovable: moves.flatMap(({ fault }) => fault),
    thin: [...thinOf(found.filter((one) => isNew(one.message) && !isStanding(one))), ...coordinators],
    critical,
    other,
    unknown,
    warnings: found.filter(({ severity }) => severity === 'warning').length,
  }
  const served = new Map(services.flatMap((one) => servedOf(one, status)))
  const movable = new Map(moves.map((one) => [one.group, movableOf(one)] as const))
  const faults = {
    services: new Map([...out, ...unserved].map(({ name, text }) => [name, text])),
    groups: new Map(moves.flatMap(({ group, fault }) => (fault[0] === undefined ? [] : [[group, fault[0]]]))),
  }
  const doubted = new Set(told.filter(isDoubted).map(({ name }) => name))
  return { health: healthOf(said), ...said, served, doubted, movable, faults }
}

/** Is it said of this node, and this rule, by which it lets no client through? One more digit is another rule. */
function isShutBy(text: string, node: string, rule: string): boolean {
  const [, ...after] = text.split(`through: ${rule}`)
  return text.split(/[\s(:,;)]+/).includes(node) && after.some((rest) => !/^\w/.test(rest))
}

export const criticalText = (count: number): string => `${count} critical trouble${count === 1 ? '' : 's'}`

function healthOf({ unserved, critical, unknown, ...said }: Omit<Verdict, Answers>): Health {
  if (unserved.length > 0) return 'not served'
  const { unserving, impaired, unmovable, thin, other } = said
  const lines = [unserving, impaired, unmovable, thin, other]
  if (critical > 0 || lines.some((all) => all.length > 0)) return 'degraded'
  return unknown.length > 0 ? 'not known' : 'healthy'
}

const isOwned = ({ owner, state }: GroupReport): boolean => owner !== null && state !== 'unknown'

/** Lost redundancy, in the words of whoever says it. */
function thinOf(found: readonly NodeTrouble[]): string[] {
  const all = found
    .filter((one) => troubleKind(one.code)?.costs === 'redundancy' || isLatent(one))
    .map(({ node, message }) => `${node}: ${message}`)
  const more = all.length - MOST_THIN
  return more > 0 ? [...all.slice(0, MOST_THIN), `and ${more} more of this kind, below`] : all
}
const MOST_THIN = 4
/** Nothing is lost by it before its node takes a group over. */
const isLatent = ({ code, severity }: NodeTrouble): boolean => code === 'drop-rule' && severity === 'warning'

const deadOf = ({ nodes }: Status): string[] => {
  const dead = nodes.filter(({ state }) => state === 'dead').map(({ name }) => name)
  return dead.length > 0 ? [`dead: ${dead.join(', ')}`] : []
}

const agentlessOf = ({ nodes, troubles }: Status): string[] => {
  const names = nodes.filter((node) => node.state !== 'dead' && isAgentless(node, troubles)).map(({ name }) => name)
  return names.length > 0 ? [`no agent is at work on ${names.join(', ')}`] : []
}

/** Where groups are owned, or should be, it is said of each of them. */
const withoutMajority = ({ quorum, groups }: Status): string[] =>
  !quorum && groups.length > 0 && groups.every(({ state }) => state === 'stopped') ? [NO_MAJORITY] : []

const unheardOf = ({ nodes, troubles }: Status): string[] =>
  nodes.filter((node) => isUnheard(node) && !isAgentless(node, troubles)).map(unheardText)
/** Alive, and silent: nothing of what it does is known. A dead one is counted elsewhere. */
export const isUnheard = ({ state, agent }: NodeReport): boolean => state !== 'dead' && (!agent || state === 'unknown')
export const unheardText = ({ name, reason, ageMs }: NodeReport): string =>
  `how ${name} is (${reason}${typeof ageMs === 'number' ? `; last heard ${Math.round(ageMs / 1000)} s ago` : ''})`
const tableOf = (service: string, group: GroupReport | undefined): string =>
  `the table of ${service}${group?.owner ? ` (${group.owner} did not tell it)` : ''}`

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

export interface AnswerLine {
  readonly label: 'not served' | 'not serving' | 'impaired' | 'cannot move' | 'not redundant' | 'not known'
  readonly texts: readonly string[]
}
/** The questions of which the answer is not yes, in the order of a status. What else there is stands beside its health. */
export const answersOf = ({ unserved, unserving, impaired, unmovable, thin, unknown }: Verdict): AnswerLine[] =>
  (
    [
      { label: 'not served', texts: unserved },
      { label: 'not serving', texts: unserving },
      { label: 'impaired', texts: impaired },
      { label: 'cannot move', texts: unmovable },
      { label: 'not redundant', texts: thin },
      { label: 'not known', texts: unknown },
    ] as const
  ).filter(({ texts }) => texts.length > 0)

/** What makes it degraded that answers none of these questions. */
export const othersOf = ({ critical, other }: Pick<Verdict, 'critical' | 'other'>): string[] => [
  ...(critical > 0 ? [criticalText(critical)] : []),
  ...other,
]

/** Each of its sentences on a line of its own. */
export const verdictLines = (verdict: Verdict): string[] => {
  const lines = answersOf(verdict).flatMap(({ label, texts }) => texts.map((text) => `${label}: ${text}`))
  const isKnown = (line: string): boolean => !line.startsWith('not known: ')
  return [...lines.filter(isKnown), ...othersOf(verdict), ...lines.filter((line) => !isKnown(line))]
}
