/** Where the kernel has no way to an address: which rule of policy routing, or which route, leads nowhere what goes there (ip-rule(8), ip-route(8)). */
import { parseInet, sameBits } from './inet.ts'

export type Closing = 'blackhole' | 'unreachable' | 'prohibit'
/** A route that leads nowhere. */
export interface ClosedRoute {
  readonly destination: string
  readonly prefix: number
  readonly type: Closing
  readonly table: number
}
/** A rule: it leads to a table, or nowhere. */
export interface RoutingRule {
  /** Lower counts first. */
  readonly priority: number
  /** 0: it leads to none. */
  readonly table: number
  /** Null: nothing. */
  readonly closes: Closing | null
  /** Null: all of its family. */
  readonly destination: string | null
  readonly prefix: number
  /** Null: packets from anywhere, and those that have no source yet. */
  readonly source: string | null
  readonly sourcePrefix: number
  readonly family: 'ipv4' | 'ipv6'
  /** It is of packets of some kind alone: by their interface, mark, ports. */
  readonly some: boolean
}
/** The route that the kernel takes for what leaves from an address of its own. */
export interface SourcedWay {
  readonly to: string
  readonly from: string
  /** Null: straight onto the wire. */
  readonly gateway: string | null
  /** Of the interface. */
  readonly index: number
  /** It takes it itself. */
  readonly isLocal: boolean
  readonly table: number
  readonly destination: string
  readonly prefix: number
}
export interface Closed {
  /** Ends a sentence about what goes there. */
  readonly says: string
  /** The command that shows it, and what it shows. */
  readonly shown: string
  /** The command that takes it away. */
  readonly away: string
}

/** What the kernel answers to who asks for a way, of each kind (net/ipv4/fib_semantics.c, net/core/fib_rules.c); of all else no rule or route is to blame. */
const ANSWERS: Readonly<Record<string, Closing>> = {
  EACCES: 'prohibit',
  EINVAL: 'blackhole',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
}
/** Null: there is just no route. */
export const closingOf = (code: string): Closing | null =>
  Object.hasOwn(ANSWERS, code) ? (ANSWERS[code] ?? null) : null

const SAYS: Readonly<Record<Closing, string>> = {
  prohibit: 'prohibits it',
  blackhole: 'throws it away (blackhole)',
  unreachable: 'says that nobody is there (unreachable)',
}
const TABLES: Readonly<Record<number, string>> = { 253: 'default', 254: 'main', 255: 'local' }
export const routingTableText = (table: number): string => TABLES[table] ?? String(table)

/** In the order in which the kernel goes through the rules. Null: none of these; it is no more there, or it is not known. `from`: the source it has. */
export function whatCloses(
  to: string,
  code: string,
  rules: readonly RoutingRule[],
  routes: readonly ClosedRoute[],
  from?: string,
): Closed | null {
  const kind = closingOf(code)
  if (kind === null) return null
  const ip = ipFor(to)
  const those = rulesOf(to, from, rules)
  const over = routes.filter((one) => one.type === kind && isTo(to, one)).toSorted((a, b) => b.prefix - a.prefix)
  for (const rule of those) {
    if (rule.closes === kind) return closedByRule(ip, rule, kind, rules)
    const route = rule.table === 0 ? undefined : over.find(({ table }) => table === rule.table)
    if (route) return closedByRoute(ip, route)
  }
  return null
}

/** Where it is sent another way than straight to its network: the rule that leads to that table, or the route of a table that all look at. */
export function whatDiverts({ to, from, ...way }: SourcedWay, rules: readonly RoutingRule[]): Closed {
  const ip = ipFor(to)
  const [name, where] = [routingTableText(way.table), placeText(way)]
  const by = way.gateway === null ? '' : ` via ${way.gateway}`
  const shown = `${ip} route get ${to} from ${from}: ${where}${by} in table ${name}`
  const does = way.isLocal
    ? 'keeps it on this machine'
    : way.gateway === null
      ? 'sends it to another interface'
      : `sends it to gateway ${way.gateway}`
  const rule = Object.hasOwn(TABLES, way.table)
    ? undefined
    : rulesOf(to, from, rules).find(({ table }) => table === way.table)
  if (!rule)
    return {
      says: `route ${where}${by} in table ${name} ${does}`,
      shown,
      away: `${ip} route del ${way.isLocal ? 'local ' : ''}${where}${by}${name === 'main' ? '' : ` table ${name}`}`,
    }
  const words = ruleText(rule)
  return {
    says: `rule ${rule.priority} (${words}) ${does}`,
    shown: `${shown}; ${ip} rule: ${rule.priority}: ${words}`,
    away: `${ip} rule del pref ${rule.priority}${isAlone(rule, rules) ? '' : ` ${words}`}`,
  }
}
const ruleText = (rule: RoutingRule): string =>
  `${fromText(rule)}${toText(rule)} lookup ${routingTableText(rule.table)}`
const fromText = ({ source, sourcePrefix }: RoutingRule): string =>
  `from ${source === null ? 'all' : placeText({ destination: source, prefix: sourcePrefix })}`

/** The command of its family. */
export const ipFor = (address: string): string => (address.includes(':') ? 'ip -6' : 'ip')
/** In the order in which the kernel asks them. */
const rulesOf = (to: string, from: string | undefined, rules: readonly RoutingRule[]): RoutingRule[] =>
  rules
    .filter((one) => !one.some && isTo(to, one) && isFrom(from, one))
    .toSorted((one, other) => one.priority - other.priority)
const isFrom = (from: string | undefined, { source, sourcePrefix, family }: RoutingRule): boolean =>
  source === null || (from !== undefined && isTo(from, { destination: source, prefix: sourcePrefix, family }))

function isTo(to: string, { destination, prefix, family }: Partial<RoutingRule> & { prefix: number }): boolean {
  if (destination === null) return family === (to.includes(':') ? 'ipv6' : 'ipv4')
  const [one, other] = [parseInet(to), parseInet(destination ?? '')]
  return one !== undefined && other !== undefined && sameBits(one, other, prefix)
}

const isAlone = ({ priority, family }: RoutingRule, all: readonly RoutingRule[]): boolean =>
  all.filter((one) => one.priority === priority && one.family === family).length === 1
const toText = ({ destination, prefix }: RoutingRule): string =>
  destination === null ? '' : ` to ${placeText({ destination, prefix })}`
function closedByRule(ip: string, rule: RoutingRule, kind: Closing, all: readonly RoutingRule[]): Closed {
  const { priority, source } = rule
  const which = `${source === null ? '' : ` ${fromText(rule)}`}${toText(rule)} ${kind}`
  return {
    says: `rule ${priority} ${SAYS[kind]}`,
    shown: `${ip} rule: ${priority}: ${fromText(rule)}${toText(rule)} ${kind}`,
    away: `${ip} rule del pref ${priority}${isAlone(rule, all) ? '' : which}`,
  }
}
function closedByRoute(ip: string, { type, table, ...place }: ClosedRoute): Closed {
  const [to, name] = [placeText(place), routingTableText(table)]
  return {
    says: `route ${type} ${to} in table ${name} ${SAYS[type]}`,
    shown: `${ip} route show table ${name}: ${type} ${to}`,
    away: `${ip} route del ${type} ${to}${name === 'main' ? '' : ` table ${name}`}`,
  }
}
/** As `ip route` names it. */
function placeText({ destination, prefix }: Pick<ClosedRoute, 'destination' | 'prefix'>): string {
  const bits = destination.includes(':') ? BITS.ipv6 : BITS.ipv4
  return prefix === 0 ? 'default' : prefix === bits ? destination : `${destination}/${prefix}`
}
const BITS = { ipv4: 32, ipv6: 128 } as const
