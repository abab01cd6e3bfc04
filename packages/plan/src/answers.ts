/**
 * Answers of a realserver to clients that go through its gateway whatever its main table says (TRAPS.md, rows 5 and 6): rules of ours
 * (`ip rule`) lead them to tables of ours, in which stand the gateway as the default route, and, as `throw` routes, what goes on by the main
 * table: the node's other networks, directors' own addresses, and of `beyond` (MARKS.answerTables) its own network too. So heartbeats, checks by
 * directors and ssh take the straight way.
 *
 * A program that answers datagrams from whatever address it has leaves the source to the kernel, which looks for a way before there is one.
 * IPv4 has a second rule for such packets, and their source from the route; IPv6 asks for it with a flag of the rule.
 *
 * Who made a rule or route is in its protocol (MARKS.routeProtocol): others of the same number stay.
 */
import { type Family, familyOf, isOwnLabel, MARKS, type Trouble } from '@lvsm/base'
import {
  type Cidr,
  FAMILIES,
  hostPrefix,
  inNetwork,
  type KernelProtocol,
  type LedAnswers,
  networkCidr,
  type NodeView,
  type PortRange,
} from '@lvsm/model'
import { type HostNetwork, interfaceFor } from './host-network.ts'
import type { Operation } from './operation.ts'
import type { DesiredSysctl } from './sysctls.ts'

export interface AnswerRoute {
  readonly family: Family
  readonly table: number
  readonly destination: string
  readonly prefix: number
  /** Null: the main table knows (`throw`). */
  readonly gateway: string | null
  /** Of the interface; 0 of such a one. */
  readonly index: number
  /** What packets without one get as their source; null: as the kernel chooses. */
  readonly source: string | null
}
export interface AnswerRule {
  readonly family: Family
  /** Number of the table, and priority. */
  readonly table: number
  /** `0.0.0.0`: packets that have none yet. */
  readonly source: string
  readonly protocol: KernelProtocol
  readonly ports: PortRange
}
export interface ObservedAnswers {
  /** Of our tables. `foreign`: somebody else's. */
  readonly routes: readonly (AnswerRoute & { readonly foreign?: true })[]
  /** Ours. */
  readonly rules: readonly AnswerRule[]
}
export interface DesiredAnswers {
  readonly routes: readonly AnswerRoute[]
  readonly rules: readonly AnswerRule[]
}

/** Of a rule (include/net/fib_rules.h, fib_rule_port_range_valid). */
const LAST_PORT = 65_534
const NOBODY = FAMILIES.ipv4.everybody
const tableOf = ({ reach }: LedAnswers): number => MARKS.answerTables[reach]
const textOf = ({ address, prefix }: Cidr): string => `${address}/${prefix}`

/** Networks in which the node has an address of its own. */
function ownNetworks({ links, addresses }: HostNetwork, family: Family): Cidr[] {
  const loopbacks = new Set(links.filter(({ loopback }) => loopback).map(({ index }) => index))
  const all = addresses
    .filter((one) => familyOf(one.address) === family && one.prefix < hostPrefix(one.address))
    .filter(({ index, label }) => !loopbacks.has(index) && !isOwnLabel(label))
    .map(networkCidr)
    .filter(({ address }) => !/^fe[89ab]/.test(address))
  return [...new Map(all.map((one) => [textOf(one), one])).values()]
}

/** What goes on by the main table. */
function thrown({ gateway, reach, straight }: LedAnswers, host: HostNetwork): Cidr[] {
  const near = ownNetworks(host, familyOf(gateway.address))
  const networks = reach === 'beyond' ? near : near.filter((one) => !inNetwork(gateway.address, one))
  const hosts = straight
    .filter((address) => !networks.some((one) => inNetwork(address, one)))
    .map((address): Cidr => ({ address, prefix: hostPrefix(address) }))
  return [...networks, ...hosts].toSorted((one, other) => (textOf(one) < textOf(other) ? -1 : 1))
}

function routesOf(led: LedAnswers, index: number, host: HostNetwork): AnswerRoute[] {
  const { gateway, answers } = led
  const family = familyOf(gateway.address)
  const place = { family, table: tableOf(led) }
  const own = answers.find(({ address }) => host.addresses.some((one) => one.address === address))
  return [
    ...thrown(led, host).map(({ address, prefix }): AnswerRoute => {
      return { ...place, destination: address, prefix, gateway: null, index: 0, source: null }
    }),
    {
      ...{ ...place, destination: FAMILIES[family].everybody, prefix: 0, gateway: gateway.address, index },
      source: family === 'ipv4' ? (own?.address ?? null) : null,
    },
  ]
}

function rulesOf(led: LedAnswers): AnswerRule[] {
  const family = familyOf(led.gateway.address)
  const all = led.answers.flatMap(({ address, protocol, ports }): AnswerRule[] => {
    if (ports.from > LAST_PORT) return []
    const rule = { family, table: tableOf(led), protocol, ports: { ...ports, to: Math.min(ports.to, LAST_PORT) } }
    const unsaid = family === 'ipv4' && protocol !== 'tcp'
    return [{ ...rule, source: address }, ...(unsaid ? [{ ...rule, source: NOBODY }] : [])]
  })
  return [...new Map(all.map((one) => [ruleText(one), one])).values()]
}

export function desiredAnswers({ led }: Pick<NodeView, 'led'>, host: HostNetwork): DesiredAnswers {
  const reached = led.flatMap((one) => {
    const index = interfaceFor(host, one.gateway.address)?.index
    return index === undefined ? [] : [{ one, index }]
  })
  return {
    routes: reached.flatMap(({ one, index }) => routesOf(one, index, host)),
    rules: reached.flatMap(({ one }) => rulesOf(one)),
  }
}

const WHY = 'what clients send would be dropped: the main table has another way back to them'
const ALL = 'net/ipv4/conf/all/rp_filter'

/**
 * Loose, where clients are beyond the network: old kernels look for the way back to one in the main table. Of `all` and the interface the larger
 * value counts, so that one is read, whatever it is.
 */
export function answerSysctls({ led }: Pick<NodeView, 'led'>, host: HostNetwork): DesiredSysctl[] {
  const beyond = led.find(({ gateway, reach }) => reach === 'beyond' && familyOf(gateway.address) === 'ipv4')
  const name = beyond === undefined ? undefined : interfaceFor(host, beyond.gateway.address)?.name
  if (name === undefined || name.includes('/')) return []
  const all = host.sysctls?.get(ALL) ?? '0'
  return [
    { path: ALL, value: all, accept: [all], why: WHY },
    { path: `net/ipv4/conf/${name}/rp_filter`, value: '2', accept: all === '1' ? ['2'] : ['0', '2'], why: WHY },
  ]
}

const placeText = ({ family, table, destination, prefix }: AnswerRoute): string =>
  `${family} ${table} ${destination}/${prefix}`
const routeText = (route: AnswerRoute): string =>
  `${placeText(route)} ${route.gateway === null ? 'throw' : `${route.gateway} ${route.index} ${route.source}`}`
const ruleText = ({ family, table, source, protocol, ports: { from, to } }: AnswerRule): string =>
  `${family} ${table} ${source} ${protocol} ${from}-${to}`

interface Seen {
  readonly answers?: ObservedAnswers
}

/** What goes straight first, the gateway after it, and then the rules that lead there. None before somebody looked. */
export function answersCome({ answers: now }: Seen, { routes, rules }: DesiredAnswers): Operation[] {
  if (!now) return []
  const taken = new Set(now.routes.filter(({ foreign }) => foreign).map(placeText))
  const standing = new Set(now.routes.map(routeText))
  const known = new Set(now.rules.map(ruleText))
  return [
    ...routes
      .filter((one) => !standing.has(routeText(one)) && !taken.has(placeText(one)))
      .map((route): Operation => ({ kind: 'answer-route-set', route })),
    ...rules.filter((one) => !known.has(ruleText(one))).map((rule): Operation => ({ kind: 'answer-rule-add', rule })),
  ]
}

/** The other way round. */
export function answersLeave({ answers: now }: Seen, { routes, rules }: DesiredAnswers): Operation[] {
  if (!now) return []
  const wanted = new Set(rules.map(ruleText))
  // Setting one replaces that of its place.
  const places = new Set(routes.map(placeText))
  const left = now.routes.filter((one) => one.foreign !== true && !places.has(placeText(one)))
  return [
    ...now.rules
      .filter((one) => !wanted.has(ruleText(one)))
      .map((rule): Operation => ({ kind: 'answer-rule-remove', rule })),
    ...[...left.filter(({ prefix }) => prefix === 0), ...left.filter(({ prefix }) => prefix > 0)].map(
      (route): Operation => ({ kind: 'answer-route-remove', route }),
    ),
  ]
}

export const answerTroubles = ({ routes }: DesiredAnswers, { answers }: Seen): Trouble[] =>
  (answers?.routes ?? [])
    .filter(
      (one) =>
        one.foreign === true &&
        routes.some((route) => placeText(route) === placeText(one) && routeText(route) !== routeText(one)),
    )
    .map(({ family, table, destination, prefix }) => ({
      code: 'foreign-answer-route',
      severity: 'critical',
      message: `table ${table}, by which answers to clients leave, has a route to ${destination}/${prefix} that is not ours`,
      hint: `find who made it, and: ip ${family === 'ipv6' ? '-6 ' : ''}route del ${prefix === 0 ? 'default' : `${destination}/${prefix}`} table ${table}; we do not replace routes of others`,
      object: `route ${destination}/${prefix} of table ${table}`,
    }))

/** For people. */
export const answerRouteText = ({ table, destination, prefix, gateway }: AnswerRoute): string =>
  gateway === null
    ? `${destination}/${prefix} out of table ${table} by the main one`
    : `default route of table ${table} through ${gateway}`
export const answerRuleText = ({ table, source, protocol, ports: { from, to } }: AnswerRule): string =>
  `rule ${table}: ${protocol} from ${source === NOBODY ? 'no address yet' : source} port ${from === to ? from : `${from}-${to}`} by table ${table}`
