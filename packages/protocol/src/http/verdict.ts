/**
 * The three questions of whoever is called at night, answered from a status: is every service served, is every realserver serving that
 * should, and could each group move now? The first lines of `lvsm status` and of the console, and what `status --check` ends with.
 * What is not known is never a yes.
 */
import { movableOf, movesOf, NO_MAJORITY } from './movable.ts'
import type { GroupReport, NodeReport, NodeTrouble, RealserverReport, ServiceReport, Status } from './status.ts'

export const HEALTHS = ['healthy', 'degraded', 'not served', 'not known'] as const
export type Health = (typeof HEALTHS)[number]

export interface Verdict {
  readonly health: Health
  /** What is not served; a service, or a group that has none, each with its reason. */
  readonly unserved: readonly string[]
  /** Realservers that should serve and do not, and what stands in the way of the service as a whole. */
  readonly unserving: readonly string[]
  /** Groups that could not move now, or would not survive their owner. */
  readonly unmovable: readonly string[]
  /** What else makes it degraded. */
  readonly other: readonly string[]
  readonly unknown: readonly string[]
  readonly warnings: number
  /** Service → it is served; null: not known. What operators took out of service as a whole is left out. */
  readonly served: ReadonlyMap<string, boolean | null>
  /** Group that somebody owns → another director could have it now, and if its owner died; null: not known. */
  readonly movable: ReadonlyMap<string, boolean | null>
  /** Service → why it is not served, or who of its realservers does not serve; group → why it could not move. Its own sentence of those above. */
  readonly faults: { readonly services: ReadonlyMap<string, string>; readonly groups: ReadonlyMap<string, string> }
}

type Answers = 'health' | 'served' | 'movable' | 'faults'

export function judge(status: Status): Verdict {
  const { groups, services, troubles } = status
  const unserved = groups.flatMap((group) => unservedOf(group, status))
  const owned = new Map(groups.filter(isOwned).map((group) => [group.name, group]))
  const shown = services.filter((one) => owned.has(one.group) && !unserved.some(({ name }) => name === one.name))
  const told = shown.filter((service) => isTold(status, service))
  const out = told.flatMap(unservingOf)
  const unserving = [...out.map(({ text }) => text), ...status.nodes.flatMap((node) => silentServer(node, services))]
  const moves = [...owned.values()].map((group) => ({ group: group.name, ...movesOf(group, status) }))
  const found = together(troubles)
  const critical = found.filter(({ severity }) => severity === 'critical').length
  const other = [
    ...(critical > 0 ? [`${critical} critical trouble${critical === 1 ? '' : 's'}`] : []),
    ...deadOf(status),
    // Where groups are owned, or should be, it is said of each of them.
    ...(!status.quorum && groups.length > 0 && groups.every(({ state }) => state === 'stopped') ? [NO_MAJORITY] : []),
  ]
  const unknown = [
    ...(status.nodes.length === 0 ? [`what is to be served (${status.node} has no configuration)`] : []),
    ...groups.filter(({ state }) => state === 'unknown').map(({ name, reason }) => `who owns ${name} (${reason})`),
    ...shown.filter((one) => !told.includes(one)).map(({ name, group }) => tableOf(name, owned.get(group))),
    ...told.flatMap(uncheckedOf),
    ...moves.flatMap(({ unknown: one }) => one),
    ...status.nodes.filter(isUnheard).map(unheardText),
  ]
  const said = {
    unserved: unserved.map(({ text }) => text),
    unserving,
    unmovable: moves.flatMap(({ fault }) => fault),
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
  return { health: healthOf(said), ...said, served, movable, faults }
}

function healthOf({ unserved, unserving, unmovable, other, unknown }: Omit<Verdict, Answers>): Health {
  if (unserved.length > 0) return 'not served'
  if (unserving.length + unmovable.length + other.length > 0) return 'degraded'
  return unknown.length > 0 ? 'not known' : 'healthy'
}

/** Does the owner's own table speak, and does its agent? What it said before it fell silent is not known any more. */
export function isTold({ groups, nodes }: Pick<Status, 'groups' | 'nodes'>, service: ServiceReport): boolean {
  const owner = groups.find(({ name }) => name === service.group)?.owner ?? null
  return service.told !== false && owner !== null && nodes.some(({ name, agent }) => name === owner && agent)
}

const isOwned = ({ owner, state }: GroupReport): boolean => owner !== null && state !== 'unknown'

interface Unserved {
  /** Of the service; empty: it is a group. */
  readonly name: string
  readonly text: string
}
/** Nobody owns the group, or none of a service's realservers takes connections. What operators stopped is as it should be. */
function unservedOf(group: GroupReport, status: Status): Unserved[] {
  const { name, owner, state, addresses } = group
  if (state === 'stopped' || state === 'unknown') return []
  const own = status.services.filter((service) => service.group === name && isTold(status, service))
  if (owner === null) {
    const what = state === 'moving' ? `${name} is moving` : `nobody owns ${name} (${addresses.join(', ')})`
    return [{ name: '', text: `${what}: ${group.reason}` }]
  }
  return own.flatMap((service): Unserved[] => {
    const { realservers } = service
    const meant = realservers.filter(isMeant)
    if (realservers.some(takes) || (realservers.length > 0 && meant.length === 0)) return []
    const [first] = meant
    const text = first
      ? `${service.name}: none of ${meant.length} realservers takes connections (${first.node}: ${first.reason})`
      : `${service.name} has no realserver`
    return [{ name: service.name, text }]
  })
}
/** By the configuration, and by what operators want, new connections are to go there. */
const isMeant = (one: RealserverReport): boolean => mayServe(one) && (one.backup !== true || one.weight > 0)
const mayServe = ({ state, configured }: RealserverReport): boolean => state === undefined && configured !== 0
/** There for the case that the others fail, and it could not. */
const isLostReserve = (one: RealserverReport): boolean =>
  one.backup === true && mayServe(one) && one.weight === 0 && one.healthy === false
/** New connections go there. */
const takes = ({ weight, healthy }: RealserverReport): boolean => weight > 0 && healthy !== false

/** Of a service that is served: who should take connections and does not, or is kept though its check fails. */
function unservingOf({ name, realservers }: ServiceReport): Unserved[] {
  const out = realservers.filter(
    (one) => (isMeant(one) && (one.healthy === false || one.weight === 0)) || isLostReserve(one),
  )
  if (out.length === 0) return []
  const words = out.map(
    (one) =>
      `${one.backup === true ? 'backup ' : ''}${one.node} ${one.healthy === false ? 'failed' : 'is out'} (${one.reason})`,
  )
  return [{ name, text: `${name}: ${words.join(', ')}` }]
}

/** It takes connections, and no check has said yet whether it answers them. */
const uncheckedOf = ({ name, realservers }: ServiceReport): string[] =>
  realservers
    .filter((one) => isMeant(one) && one.healthy === null && one.weight > 0)
    .map(({ node, reason }) => `whether ${node} serves ${name} (${reason || 'not checked yet'})`)

/** The node itself says what is wrong with it as a realserver: no check of a port shows a missing alias. */
function silentServer({ name, state, reason }: NodeReport, services: readonly ServiceReport[]): string[] {
  const serves = services.some(({ realservers }) => realservers.some((one) => one.node === name && isMeant(one)))
  return serves && state === 'troubled' ? [`${name}: ${reason}`] : []
}

const deadOf = ({ nodes }: Status): string[] => {
  const dead = nodes.filter(({ state }) => state === 'dead').map(({ name }) => name)
  return dead.length > 0 ? [`dead: ${dead.join(', ')}`] : []
}

/** Operators took all of it out of service: no answer. */
function servedOf(service: ServiceReport, { groups, nodes }: Status): (readonly [string, boolean | null])[] {
  const { name, realservers } = service
  const group = groups.find((one) => one.name === service.group)
  if (!group || group.state === 'unknown') return [[name, null]]
  if (group.state === 'stopped' || (realservers.length > 0 && !realservers.some(isMeant))) return []
  if (group.owner === null) return [[name, false]]
  if (!isTold({ groups, nodes }, service)) return [[name, null]]
  const taking = realservers.filter(takes)
  return [[name, taking.length === 0 ? false : taking.some(({ healthy }) => healthy === true) ? true : null]]
}

/** Alive, and silent: nothing of what it does is known. A dead one is counted elsewhere. */
const isUnheard = ({ state, agent }: NodeReport): boolean => state !== 'dead' && (!agent || state === 'unknown')
const unheardText = ({ name, reason, ageMs }: NodeReport): string =>
  `how ${name} is (${reason}${typeof ageMs === 'number' ? `; last heard ${Math.round(ageMs / 1000)} s ago` : ''})`
const tableOf = (service: string, group: GroupReport | undefined): string =>
  `the table of ${service}${group?.owner ? ` (${group.owner} did not tell it)` : ''}`

/**
 * What several nodes say in the same words, about the configuration that they share, is one trouble of all of them: since it began at the
 * first, with the evidence of that one.
 */
export function together(troubles: readonly NodeTrouble[]): NodeTrouble[] {
  const found = new Map<string, NodeTrouble>()
  for (const trouble of troubles) {
    const { node, evidence: _, since, ...said } = trouble
    const words = JSON.stringify(Object.entries(said).toSorted(([one], [other]) => (one < other ? -1 : 1)))
    const before = found.get(words)
    const isFirst = before?.since === undefined || (since !== undefined && since < before.since)
    found.set(words, before ? { ...(isFirst ? trouble : before), node: `${before.node}, ${node}` } : trouble)
  }
  return [...found.values()]
}

/** Each of its sentences on a line of its own. */
export const verdictLines = ({ unserved, unserving, unmovable, other, unknown }: Verdict): string[] => [
  ...unserved.map((text) => `not served: ${text}`),
  ...unserving.map((text) => `not serving: ${text}`),
  ...unmovable.map((text) => `cannot move: ${text}`),
  ...other,
  ...unknown.map((text) => `not known: ${text}`),
]
