/**
 * The three questions of whoever is called at night, answered from a status: is every service served, is every realserver serving that
 * should, and could each group move now? The first lines of `lvsm status` and of the console, and what `status --check` ends with.
 * What is not known is never a yes.
 */
import { isAfterTakeover } from '../troubles/concerned.ts'
import { hinderedTexts, isStranger, unforwardedTexts } from './hindered.ts'
import { isAgentless, type Moves, movableOf, movesOf, NO_MAJORITY } from './movable.ts'
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
import { isPresent, together } from './together.ts'
import { type GroupReport, type NodeReport, type NodeTrouble, type ServiceReport, type Status } from './status.ts'

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
  const hindered = [...hinderedTexts(status, told), ...ownTexts('quality')]
  const impaired = [
    ...hindered,
    ...ofOwners(status, owned, [...unserved.map(({ text }) => text), ...unserving, ...hindered]),
  ]
  const isStanding = ({ code, node, object = '' }: NodeTrouble): boolean =>
    code === 'drop-rule' && moves.some(({ fault }) => fault.some((text) => isShutBy(text, node, object)))
  const moves = [...owned.values()].map((group) => ({ group: group.name, ...movesOf(group, status) }))
  // What is over asks nothing of anybody.
  const found = together(troubles).filter(isPresent)
  const critical = found.filter(({ severity }) => severity === 'critical').length
  const other = [...deadOf(status), ...agentlessOf(status), ...withoutMajority(status)]
  const unknown = unknownOf(status, { owned, shown, told, moves })
  const said = {
    unserved: unserved.map(({ text }) => text),
    unserving,
    impaired,
    unmovable: moves.flatMap(({ fault }) => fault),
    thin: [
      ...thinOf(
        found.filter((one) => isNew(one.message) && !isStanding(one)),
        status,
      ),
      ...coordinators,
    ],
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

interface Shown {
  readonly owned: ReadonlyMap<string, GroupReport>
  /** Services of these, and those whose owner told its table. */
  readonly shown: readonly ServiceReport[]
  readonly told: readonly ServiceReport[]
  readonly moves: readonly Moves[]
}
function unknownOf(status: Status, { owned, shown, told, moves }: Shown): string[] {
  const { groups } = status
  return [
    ...(status.nodes.length === 0 ? [`what is to be served (${status.node} has no configuration)`] : []),
    ...groups.filter(({ state }) => state === 'unknown').map(({ name, reason }) => `who owns ${name} (${reason})`),
    ...shown.filter((one) => !told.includes(one)).map(({ name, group }) => tableOf(name, owned.get(group))),
    ...told.flatMap(uncheckedOf),
    ...moves.flatMap(({ unknown: one }) => one),
    ...unheardOf(status),
  ]
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

/** What else an owner says is wrong with it: its clients have it. Of a packet filter it is said what it keeps from whom, or it is no affair of clients. */
function ofOwners({ troubles }: Status, owned: ReadonlyMap<string, GroupReport>, said: readonly string[]): string[] {
  const owners = new Set([...owned.values()].flatMap(({ owner }) => owner ?? []))
  return [...owners]
    .flatMap((name) => [...ownFaults(name, troubles, 'serving'), ...ownFaults(name, troubles, 'quality')])
    .filter(({ code, message }) => code !== 'drop-rule' && !said.some((text) => text.includes(message)))
    .map(({ node, message }) => `${node}: ${message}`)
}

/** Lost redundancy, in the words of whoever says it. */
function thinOf(found: readonly NodeTrouble[], status: Status): string[] {
  const all = found
    .filter((one) => troubleKind(one.code)?.costs === 'redundancy' || isLatent(one) || waitsForTakeover(one, status))
    .map(({ node, message }) => `${node}: ${message}`)
  const more = all.length - MOST_THIN
  return more > 0 ? [...all.slice(0, MOST_THIN), `and ${more} more of this kind, below`] : all
}
const MOST_THIN = 4
/** As a warning it says that nothing is lost yet: before its node takes a group over, or as far as anybody sees. */
const LATENT: ReadonlySet<string> = new Set(['drop-rule', 'listens-elsewhere'])
const isLatent = ({ code, severity }: NodeTrouble): boolean => severity === 'warning' && LATENT.has(code)
/** Its clients would have it once that node owns the group. */
const waitsForTakeover = (one: NodeTrouble, status: Status): boolean =>
  isAfterTakeover(one, status) && (troubleKind(one.code)?.costs === 'serving' || isStranger(one))

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
