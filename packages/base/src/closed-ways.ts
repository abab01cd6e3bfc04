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
  readonly family: 'ipv4' | 'ipv6'
  /** It is of packets of some kind alone: by their source, interface, mark, ports. */
  readonly some: boolean
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

/** In the order in which the kernel goes through the rules. Null: none of these; it is no more there, or it is not known. */
export function whatCloses(
  to: string,
  code: string,
  rules: readonly RoutingRule[],
  routes: readonly ClosedRoute[],
): Closed | null {
  const kind = closingOf(code)
  if (kind === null) return null
  const ip = to.includes(':') ? 'ip -6' : 'ip'
  const those = rules
    .filter((one) => !one.some && isTo(to, one))
    .toSorted((one, other) => one.priority - other.priority)
  const over = routes.filter((one) => one.type === kind && isTo(to, one)).toSorted((a, b) => b.prefix - a.prefix)
  for (const rule of those) {
    if (rule.closes === kind) return closedByRule(ip, rule, kind, rules)
    const route = rule.table === 0 ? undefined : over.find(({ table }) => table === rule.table)
    if (route) return closedByRoute(ip, route)
  }
  return null
}

function isTo(to: string, { destination, prefix, family }: Partial<RoutingRule> & { prefix: number }): boolean {
  if (destination === null) return family === (to.includes(':') ? 'ipv6' : 'ipv4')
  const [one, other] = [parseInet(to), parseInet(destination ?? '')]
  return one !== undefined && other !== undefined && sameBits(one, other, prefix)
}

function closedByRule(ip: string, rule: RoutingRule, kind: Closing, all: readonly RoutingRule[]): Closed {
  const { priority, destination, prefix, family } = rule
  const to = destination === null ? '' : ` to ${destination}${prefix === BITS[family] ? '' : `/${prefix}`}`
  const isAlone = all.filter((one) => one.priority === priority && one.family === family).length === 1
  return {
    says: `rule ${priority} ${SAYS[kind]}`,
    shown: `${ip} rule: ${priority}: from all${to} ${kind}`,
    away: `${ip} rule del pref ${priority}${isAlone ? '' : `${to} ${kind}`}`,
  }
}
function closedByRoute(ip: string, { destination, prefix, type, table }: ClosedRoute): Closed {
  const bits = destination.includes(':') ? BITS.ipv6 : BITS.ipv4
  const to = prefix === 0 ? 'default' : prefix === bits ? destination : `${destination}/${prefix}`
  const name = routingTableText(table)
  return {
    says: `route ${type} ${to} in table ${name} ${SAYS[type]}`,
    shown: `${ip} route show table ${name}: ${type} ${to}`,
    away: `${ip} route del ${type} ${to}${name === 'main' ? '' : ` table ${name}`}`,
  }
}
const BITS = { ipv4: 32, ipv6: 128 } as const
