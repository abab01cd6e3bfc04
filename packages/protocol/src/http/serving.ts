/**
 * What of a service is served, and by whom: by its owner's own table, by the checks of its realservers, and by what the owner's kernel shows
 * of its connections. What a check did not see, nobody knows.
 */
import { causesText, isGone, outText } from './causes.ts'
import { clientsDropped, contested, forwardDropped, isUnforwarded } from './hindered.ts'
import { keepsClientsFrom, unansweredServices } from '../troubles/dead-paths.ts'
import { troubleKind } from '../troubles/table.ts'
import type { GroupReport, NodeTrouble, RealserverReport, ServiceReport, Status } from './status.ts'

/** Does the owner's own table speak, and does its agent? What it said before it fell silent is not known any more. */
export function isTold({ groups, nodes }: Pick<Status, 'groups' | 'nodes'>, service: ServiceReport): boolean {
  const owner = groups.find(({ name }) => name === service.group)?.owner ?? null
  return service.told !== false && owner !== null && nodes.some(({ name, agent }) => name === owner && agent)
}

/** By the configuration, and by what operators want, new connections are to go there. */
const isMeant = (one: RealserverReport): boolean => mayServe(one) && (one.backup !== true || one.weight > 0)
const mayServe = ({ state, configured }: RealserverReport): boolean => state === undefined && configured !== 0
/** There for the case that the others fail, and it could not. */
const isLostReserve = (one: RealserverReport): boolean =>
  one.backup === true && mayServe(one) && one.weight === 0 && one.healthy === false
/** As many connections as it may have; between its thresholds its director alone knows it. */
export const isFull = ({ upper, active, inactive, full }: RealserverReport): boolean =>
  full === true || (upper !== undefined && active + inactive >= upper)
/** The kernel sends new connections there, whatever its check says. */
export const takesNew = (one: RealserverReport): boolean => one.weight > 0 && !isFull(one)
/** Its check says that it answers: no table that an agent found, no check that nobody makes, and no answer of long ago. */
const answers = ({ healthy, basis, unansweredMs }: RealserverReport): boolean =>
  healthy === true && unansweredMs === undefined && (basis === undefined || basis === 'earlier-check')
/** What its check says of it, in a word: where none asks, none has yet, or none has answered for long, it says nothing. */
export const checkWord = (one: RealserverReport): 'healthy' | 'failed' | 'not checked' =>
  one.healthy === false ? 'failed' : answers(one) ? 'healthy' : 'not checked'

/** Of a service, or of a group. */
export interface Fault {
  /** Of the service; empty: it is a group. */
  readonly name: string
  readonly text: string
}

/** Nobody owns the group, or a service of it takes no new connections. What operators stopped is as it should be. */
export function unservedOf(group: GroupReport, status: Status): Fault[] {
  const { name, owner, state, addresses } = group
  if (state === 'stopped' || state === 'unknown') return []
  if (owner === null) {
    const what = state === 'moving' ? `${name} is moving` : `nobody owns ${name} (${addresses.join(', ')})`
    return [{ name: '', text: `${what}: ${group.reason}` }]
  }
  return status.services
    .filter((service) => service.group === name && isTold(status, service))
    .flatMap((service) => droppedOf(status, service) ?? unservedText(status, service))
}

/** A packet filter of the owner lets none of its clients through, or no answer back, whatever its table and its checks say; null: none is known that does. */
export function droppedOf(status: Status, service: ServiceReport): Fault | null {
  const { name, realservers } = service
  const taking = realservers.filter(takesNew)
  const forward = forwardDropped(status, service)
  const isAll = forward !== undefined && taking.length > 0 && taking.every((one) => isUnforwarded(forward, one))
  const by = clientsDropped(status, service) ?? (isAll ? forward : undefined)
  return by ? { name, text: `${name}: ${by.message}` } : null
}

/** What is known to keep all of them from it before what a check saw. */
function unservedText(status: Status, service: ServiceReport): Fault[] {
  const { name, realservers } = service
  const meant = realservers.filter(isMeant)
  if (realservers.some(takesNew) || (realservers.length > 0 && meant.length === 0)) return []
  const [first] = meant
  if (!first) return [{ name, text: `${name} has no realserver` }]
  const full = realservers.filter((one) => one.weight > 0)
  const each = full.map((one) => `${one.node}: ${one.active + one.inactive} of ${one.upper ?? 0}`).join(', ')
  if (full.length > 0)
    return [{ name, text: `${name}: new clients are refused, for all that serve are full (connections of ${each})` }]
  const said = `none of ${meant.length} realservers takes connections (${first.node}: ${first.reason})`
  return [{ name, text: `${name}: ${causesText(status, service, meant) ?? said}` }]
}

/** All that take its connections fail their checks, and are kept: what is wrong may be the servers, or the check. */
export function isDoubted({ realservers }: ServiceReport): boolean {
  const taking = realservers.filter(takesNew)
  return taking.length > 0 && taking.every(({ healthy }) => healthy === false)
}

const KEPT = 'all checks fail, and its realservers are kept'
const DOUBT = `${KEPT}, so that nobody knows whether it is served`

/** Who should take its connections and does not, or is kept though its check fails; a backup that could not stand in is one of them. */
export const outOf = ({ realservers }: ServiceReport): readonly RealserverReport[] =>
  realservers.filter((one) => (isMeant(one) && (one.healthy === false || one.weight === 0)) || isLostReserve(one))

/** Of a service that takes connections: who should and does not. */
export function unservingOf(status: Status, service: ServiceReport): Fault[] {
  const { name } = service
  const out = outOf(service)
  if (out.length === 0) return []
  if (!isDoubted(service)) return [{ name, text: `${name}: ${outText(status, service, out)}` }]
  const why = causesText(status, service, out)
  const kept = out.every((one) => isGone(status, service, one)) ? KEPT : DOUBT
  return [{ name, text: why ? `${name}: ${why}; ${kept}` : `${name}: ${DOUBT}: ${outText(status, service, out)}` }]
}

/** It takes connections, and no check says whether it answers them: none has yet, or none does any more. */
export const uncheckedOf = ({ name, realservers }: ServiceReport): string[] =>
  realservers
    .filter((one) => isMeant(one) && one.weight > 0 && (one.healthy === null || isPresumed(one)))
    .map(({ node, reason }) => `whether ${node} serves ${name} (${reason || 'not checked yet'})`)
const isPresumed = ({ healthy, basis, unansweredMs }: RealserverReport): boolean =>
  healthy === true && (basis === 'table' || basis === 'nothing' || unansweredMs !== undefined)

/** What its owner's kernel shows of a service's connections, whatever its checks say: of one realserver, or of all; of one whose own node says why it answers nobody, that. */
export function deadPaths(status: Status, { name, group, realservers }: ServiceReport): readonly NodeTrouble[] {
  const owner = status.groups.find((one) => one.name === group)?.owner ?? null
  return status.troubles.filter((trouble) => {
    const { code, node, object } = trouble
    return code === 'path-dead' || code === 'no-opening'
      ? node === owner && object === `service ${name}`
      : realservers.some((one) => one.node === node) && isOwnReason(trouble, name)
  })
}
const isOwnReason = (one: NodeTrouble, service: string): boolean =>
  unansweredServices(one).includes(service) || (one.severity === 'critical' && keepsClientsFrom(one, service))
export const isUnopened = (status: Status, service: ServiceReport): boolean =>
  deadPaths(status, service).some(({ code }) => code === 'no-opening')
/** Its path is dead: `at rs1 (10.11.0.11:80)`, as `path-dead` says it. */
export const hasDeadPath = (dead: readonly NodeTrouble[], { node }: RealserverReport): boolean =>
  dead.some((one) => (isOfOwner(one) ? one.message.includes(` at ${node} (`) : one.node === node))
const isOfOwner = ({ code }: NodeTrouble): boolean => code === 'path-dead' || code === 'no-opening'

export const unopenedOf = (status: Status, service: ServiceReport): string[] =>
  deadPaths(status, service).flatMap((one) => {
    const { code, message, evidence = '' } = one
    // Its node is said to be troubled itself.
    if (!isOfOwner(one)) return []
    const doubt = code === 'no-opening' ? ': whether any client is served is not known' : ''
    return [`${service.name}: ${message}${evidence === '' ? '' : ` (${evidence})`}${doubt}`]
  })

/**
 * The node itself says what is wrong with it as a realserver: no check of a port shows a missing alias. Not what it says of others.
 * `serving`: clients get nothing there; `quality`: some do not, or what this version does not know.
 */
export const ownFaults = (
  node: string,
  troubles: readonly NodeTrouble[],
  costs: 'serving' | 'quality',
): readonly NodeTrouble[] =>
  troubles
    .filter((one) => one.node === node && one.severity === 'critical' && one.pastMs === undefined)
    .filter(({ code }) => (troubleKind(code) ?? { costs: 'quality' }).costs === costs)
/** Services are to send new connections there. */
export const isServer = (node: string, { services }: Pick<Status, 'services'>): boolean =>
  services.some(({ realservers }) => realservers.some((one) => one.node === node && isMeant(one)))

/** Is it served? Null: not known. Operators took all of it out of service: no answer. */
export function servedOf(service: ServiceReport, status: Status): (readonly [string, boolean | null])[] {
  const { name, realservers } = service
  const group = status.groups.find((one) => one.name === service.group)
  if (!group || group.state === 'unknown') return [[name, null]]
  if (group.state === 'stopped' || (realservers.length > 0 && !realservers.some(isMeant))) return []
  if (group.owner === null) return [[name, false]]
  if (!isTold(status, service)) return [[name, null]]
  const taking = realservers.filter(takesNew)
  if (taking.length === 0 || droppedOf(status, service) !== null) return [[name, false]]
  if (isUnopened(status, service) || contested(status, service)) return [[name, null]]
  const [dead, forward] = [deadPaths(status, service), forwardDropped(status, service)]
  const gets = (one: RealserverReport): boolean =>
    answers(one) && !hasDeadPath(dead, one) && !(forward && isUnforwarded(forward, one))
  return [[name, taking.some(gets) ? true : null]]
}
