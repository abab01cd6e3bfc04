/**
 * Rules of others' packet filters that drop, refuse or send elsewhere what the cluster needs of this node. Only what is certain: a rule that asks for more than
 * addresses, a protocol and ports (an interface, the state of a connection, a rate) is told by `lvsm doctor` alone. What drops all the rest, at the end
 * of a filter, is told where nothing before it may let in what is needed.
 */
import { chainText, covers, type DropRule, familyOf, type Trouble } from '@lvsm/base'
import { type Config, inNetwork, type NodeView, type PortRange } from '@lvsm/model'
import { interfaceFor, type Observed } from '@lvsm/plan'
import type { DroppedKind } from '@lvsm/protocol'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { HOOK, type Need, needsOf } from './drop-needs.ts'
import { type Hit, nodesByAddress, told } from './drop-told.ts'

const MOST_RULES = 8
const MOST_NAMED = 8

export function dropRuleTroubles(state: NodeState): Trouble[] {
  const { view, config, kernel } = state
  const { observed } = kernel
  const rules = observed?.dropRules
  if (!view || !config || !rules || rules.length === 0) return []
  const owned = heldGroups(state)
  const { addresses, links, defaults } = observed
  const by = [view, config, [...owned].toSorted().join(' '), addresses, links, defaults]
  const last = foundIn.get(rules)
  if (last && by.every((one, at) => one === last.by[at])) return last.found
  const at = (address: string): string | undefined => interfaceFor(observed, address)?.name
  const found = dropsOf(rules, { view, config, owned, used: usedInterfaces(view, observed), at })
  foundIn.set(rules, { by, found })
  return found
}
/** By networks of these addresses heartbeats, clients and checks come, and by a default route whoever is farther away. */
function usedInterfaces({ node, directs }: NodeView, { addresses, links, defaults }: Observed): Set<string> {
  const floating = directs.flatMap((group) => group.addresses)
  const wanted = [...node.links, ...floating].map(({ address }) => address)
  const named = floating.flatMap((one) => one.interface ?? [])
  const near = new Set(
    addresses.flatMap((own) =>
      wanted.some((one) => familyOf(one) === familyOf(own.address) && inNetwork(one, own)) ? [own.index] : [],
    ),
  )
  for (const { index } of defaults) near.add(index)
  return new Set([...named, ...links.flatMap(({ index, name }) => (near.has(index) ? [name] : []))])
}

/** Asked many times between two readings of the rules. */
const foundIn = new WeakMap<readonly DropRule[], { readonly by: readonly unknown[]; readonly found: Trouble[] }>()

export interface Site {
  readonly view: NodeView
  readonly config: Config
  /** Groups whose addresses are here. */
  readonly owned: ReadonlySet<string>
  /** Interfaces by which something of the cluster may come. */
  readonly used: ReadonlySet<string>
  /** The interface in whose network an address is. */
  at(address: string): string | undefined
}
export function dropsOf(rules: readonly DropRule[], { view, config, owned, used, at }: Site): Trouble[] {
  const needs = needsOf(view, config, owned)
  const known = new Set(needs.flatMap(({ sources, destinations }) => [...sources, ...destinations]))
  const byRule = new Map<string, { those: DropRule[]; hits: Hit[] }>()
  for (const rule of rules) {
    if (!isCertain(rule, known, used)) continue
    const hits = needs
      .filter((need) => meets(rule, need) && comesBy(rule, need, at) && !isLetIn(rule, need))
      .map((need) => ({ need, kind: kindOf(rule, need) }))
      .filter((hit, _, all) => !isOfMore(hit, all))
    if (hits.length === 0) continue
    const key = `${chainText(rule)} ${rule.policy === true ? 'policy' : rule.handle}`
    const before = byRule.get(key) ?? { those: [], hits: [] }
    byRule.set(key, { those: [...before.those, rule], hits: [...before.hits, ...hits] })
  }
  const nodes = byRule.size === 0 ? new Map<string, ReadonlySet<string>>() : nodesByAddress(config)
  const nodeOf = (address: string): string => {
    const all = isNetwork(address)
      ? [...nodes].flatMap(([one, names]) => (covers(address, one) ? [...names] : []))
      : [...(nodes.get(address) ?? [])]
    // Of more it is said of everybody.
    const unique = [...new Set(all)]
    return unique.length > MOST_NAMED ? '' : unique.join(' ')
  }
  const found = [...byRule.values()].map(({ those, hits }) => told(view.node.name, those, hits, nodeOf))
  const isWorst = ({ severity }: Trouble): boolean => severity === 'critical'
  return [...found.filter(isWorst), ...found.filter((one) => !isWorst(one))].slice(0, MOST_RULES)
}

/** Without going over all that is needed: whoever is no part of the cluster may be kept out by thousands of rules. */
function isCertain(rule: DropRule, known: ReadonlySet<string>, used: ReadonlySet<string>): boolean {
  const { source, destination, port, sourcePort, hook, more, behind, accepts, lets } = rule
  // Of what is forwarded it is told by what it does (forward-dropped): a director of realservers that answer by themselves forwards nothing.
  if (accepts !== undefined && hook === HOOK.forward) return false
  // By which interface whatever else comes is only known of clients, and of what containers have for themselves.
  if (rule.notBy !== undefined && (rule.takes !== true || used.has(rule.notBy))) return false
  if (more || hook === null || (behind === true && (accepts ?? lets) === undefined)) return false
  if (accepts === undefined && [source, destination, port, sourcePort].every((one) => one === undefined)) return false
  return [source, destination].every((one) => isAt(one, known))
}
/** By the interface of a network where it arrives, or where it comes from. */
const comesBy = ({ by }: DropRule, { destinations, sources }: Need, at: Site['at']): boolean =>
  by === undefined || [...(destinations.size > 0 ? destinations : sources)].some((address) => at(address) === by)

/** What keeps out checks as well as clients is told as what it does to both. */
const BOTH: Readonly<Partial<Record<DroppedKind, DroppedKind>>> = { requests: 'servers', replies: 'answers' }
const isOfMore = ({ kind, need }: Hit, all: readonly Hit[]): boolean =>
  BOTH[kind] !== undefined && all.some((other) => other.kind === BOTH[kind] && other.need.name === need.name)

const isIn = (port: number | undefined, ranges: readonly PortRange[]): boolean =>
  port === undefined || ranges.some(({ from, to }) => from <= port && port <= to)
/** Of a network: one of them is enough. */
const isAt = (address: string | undefined, addresses: ReadonlySet<string>): boolean =>
  address === undefined ||
  addresses.has(address) ||
  (isNetwork(address) && [...addresses].some((one) => covers(address, one)))
const isNetwork = (address: string): boolean => address.includes('/')
const FAMILY: Readonly<Record<string, Need['family']>> = { ip: 'ipv4', ip6: 'ipv6' }

/** Where a packet for this machine, by its destination, is seen. */
const LOCAL: ReadonlySet<number> = new Set([HOOK.prerouting, HOOK.input])
/** A realserver may well send what comes for its port to another one of its own: of what is taken only clients' are told, who want a realserver. */
const meets = (rule: DropRule, need: Need): boolean =>
  rule.hook !== null &&
  !(rule.takes === true && (need.kind !== 'clients' || isBroughtBack(rule, need))) &&
  !(rule.local === true && !LOCAL.has(rule.hook)) &&
  !(rule.afterIpvs === true && need.kind === 'clients') &&
  need.hooks.has(rule.hook) &&
  isOfFamily(rule.family, need) &&
  asksFor(rule, need)
/** It sends there what goes there. */
const isBroughtBack = ({ to }: DropRule, { destinations, ports }: Need): boolean =>
  to?.address !== undefined && destinations.has(to.address) && isIn(to.port, ports)
const isOfFamily = (family: string | undefined, need: Need): boolean =>
  (FAMILY[family ?? ''] ?? need.family) === need.family

type Asked = {
  readonly [Key in 'only' | 'protocol' | 'source' | 'destination' | 'port' | 'sourcePort']?: DropRule[Key] | undefined
}
const asksFor = (rule: Asked, need: Need): boolean =>
  isOfFamily(rule.only, need) &&
  (rule.protocol ?? need.protocol) === need.protocol &&
  (isAt(rule.source, need.sources) || isNearVip(rule, need)) &&
  isAt(rule.destination, need.destinations) &&
  isIn(rule.port, need.ports) &&
  isIn(rule.sourcePort, need.sourcePorts)

/** Clients may be anybody: of a rule that keeps a network out it is certain that it keeps clients out where the VIP stands in that network. */
const isNearVip = ({ source = '' }: Asked, { kind, destinations }: Need): boolean =>
  kind === 'clients' && isNetwork(source) && [...destinations].some((vip) => covers(source, vip))

/** May it be let in before the end of the filter, at least of some? What belongs to a connection that is there is no client's first packet. */
const isLetIn = ({ accepts = [], lets = [] }: DropRule, need: Need): boolean =>
  [...accepts, ...lets].some(
    (one) =>
      !(one.late === true && FIRST.has(need.kind)) &&
      !(one.source !== undefined && need.notFrom.has(one.source)) &&
      asksFor(
        {
          ...one,
          source: need.sources.size === 0 ? undefined : one.source,
          sourcePort: need.sourcePorts.length === 0 ? undefined : one.sourcePort,
          port: need.ports.length === 0 ? undefined : one.port,
        },
        need,
      ),
  )
const FIRST: ReadonlySet<DroppedKind> = new Set(['clients', 'servers', 'requests', 'sent'])

/** Of clients: all that they send, or one of several ports or protocols, or what those of a network send. */
function kindOf({ port, protocol, source }: DropRule, { kind, ports, only }: Need): DroppedKind {
  if (kind !== 'clients') return kind
  const [first] = ports
  const isOnePort = ports.length === 1 && first?.from === first?.to
  const isAll = (port === undefined || isOnePort) && (protocol === undefined || only)
  return isAll && source === undefined ? 'clients' : 'some'
}
