/** Tables of answers to clients, and the rules that lead there, by rtnetlink. */
import { MARKS } from '@lvsm/base'
import { KernelError, type Netlink } from '@lvsm/kernel'
import { AF_OF, type Decoded, type Message, rtnetlink } from '@lvsm/netlink'
import { FAMILIES, KERNEL_PROTOCOLS, namesOf } from '@lvsm/model'
import type { AnswerRoute, AnswerRule, ObservedAnswers, Operation } from '@lvsm/plan'

const TABLES: readonly number[] = Object.values(MARKS.answerTables)
const FAMILY_NAMES = namesOf(FAMILIES)
/** A kernel without a family, without rules, or without the table. */
const NOTHING: ReadonlySet<string> = new Set(['ENOENT', 'EAFNOSUPPORT', 'EOPNOTSUPP', 'EPFNOSUPPORT'])

function all<T>(route: Netlink, request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] {
  try {
    return route.dump(request).flatMap((message) => {
      const decoded = decode(message)
      return decoded.ok ? [decoded.value] : []
    })
  } catch (error) {
    if (error instanceof KernelError && NOTHING.has(error.code)) return []
    throw error
  }
}

type Family = (typeof FAMILY_NAMES)[number]

const routesOf = (route: Netlink, family: Family): ObservedAnswers['routes'] =>
  TABLES.flatMap((table) =>
    all(route, rtnetlink.dumpRoutes({ family: AF_OF[family], table }), rtnetlink.decodeRoute)
      .filter((one) => one.family === AF_OF[family] && one.table === table)
      .map((one) => {
        const isThrown = one.type === rtnetlink.ROUTE_TYPE.throw
        return {
          ...{ family, table, destination: one.destination, prefix: one.prefix },
          ...{ gateway: one.gateway ?? null, index: isThrown ? 0 : (one.oif ?? 0) },
          source: one.preferredSource ?? null,
          ...(one.protocol === MARKS.routeProtocol ? {} : { foreign: true as const }),
        }
      }),
  )

const PROTOCOLS = namesOf(KERNEL_PROTOCOLS)

/** Null: somebody else's, or none that this version makes. */
function ours(rule: rtnetlink.Rule, family: Family): AnswerRule | null {
  const protocol = PROTOCOLS.find((name) => KERNEL_PROTOCOLS[name].number === rule.ipProtocol)
  const { table, priority, source, sourcePorts: ports } = rule
  if (rule.protocol !== MARKS.routeProtocol || !TABLES.includes(table) || priority !== table) return null
  if (rule.more || rule.destinationPrefix > 0 || rule.sourcePrefix !== FAMILIES[family].bits) return null
  return protocol && ports ? { family, table, source: source ?? FAMILIES[family].everybody, protocol, ports } : null
}
const rulesOf = (route: Netlink, family: Family): AnswerRule[] =>
  all(route, rtnetlink.dumpRules(AF_OF[family]), rtnetlink.decodeRule).flatMap((rule) => ours(rule, family) ?? [])

export const readAnswers = (route: Netlink): ObservedAnswers => ({
  routes: FAMILY_NAMES.flatMap((family) => routesOf(route, family)),
  rules: FAMILY_NAMES.flatMap((family) => rulesOf(route, family)),
})

/** Is such an event about them? */
export const isOfAnswers = (event: rtnetlink.RouteEvent): boolean =>
  (event.kind === 'route' && TABLES.includes(event.route.table)) ||
  (event.kind === 'rule' && (TABLES.includes(event.rule.table) || TABLES.includes(event.rule.priority)))

type AnswerOperation = Extract<Operation, { readonly kind: `answer-${string}` }>

export const carryOutAnswers = (operation: AnswerOperation, route: Netlink): string | null =>
  route.apply([messageOf(operation)])?.message ?? null

function messageOf(operation: AnswerOperation): Uint8Array {
  switch (operation.kind) {
    case 'answer-route-set':
      return rtnetlink.replaceRoute({ ...placeOf(operation.route), ...wayOf(operation.route) })
    case 'answer-route-remove':
      return rtnetlink.deleteRoute({ ...placeOf(operation.route), ...typeOf(operation.route) })
    case 'answer-rule-add':
      return rtnetlink.newRule(ruleOf(operation.rule))
    case 'answer-rule-remove':
      return rtnetlink.deleteRule(ruleOf(operation.rule))
  }
}

const placeOf = ({ table, destination, prefix }: AnswerRoute) => ({
  ...{ table, destination, prefix, protocol: MARKS.routeProtocol },
})
const typeOf = ({ gateway }: AnswerRoute) => (gateway === null ? { type: rtnetlink.ROUTE_TYPE.throw } : { gateway })
const wayOf = (route: AnswerRoute) => ({
  ...typeOf(route),
  ...(route.gateway === null ? {} : { oif: route.index }),
  ...(route.source === null ? {} : { preferredSource: route.source }),
})

const ruleOf = ({ family, table, source, protocol, ports }: AnswerRule): rtnetlink.RuleSpec => ({
  ...{ priority: table, table, protocol: MARKS.routeProtocol, source, sourcePorts: ports },
  ipProtocol: KERNEL_PROTOCOLS[protocol].number,
  ...(family === 'ipv6' ? { flags: rtnetlink.FIND_SOURCE } : {}),
})
