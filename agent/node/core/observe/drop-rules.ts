/**
 * Rules of others' packet filters that drop, refuse or send elsewhere what the cluster needs of this node. Only what is certain: a rule that asks for more than
 * addresses, a protocol and ports (an interface, the state of a connection, a rate) is told by `lvsm doctor` alone. What drops all the rest, at the end
 * of a filter, is told where nothing before it may let in what is needed.
 */
import {
  chainText,
  dropCountText,
  type DropRule,
  dropRulePlace,
  dropRuleText,
  dropVerb,
  familyOf,
  listed,
  type Trouble,
} from '@lvsm/base'
import { type Config, inNetwork, KERNEL_PROTOCOLS, type NodeView, type PortRange } from '@lvsm/model'
import type { Observed } from '@lvsm/plan'
import { DROPPED, type DroppedKind } from '@lvsm/protocol'
import { heldGroups } from '../lease.ts'
import type { NodeState } from '../state.ts'
import { HOOK, type Need, needsOf } from './drop-needs.ts'

const MOST_RULES = 8
const MOST_NAMED = 4
/** Whoever shows a status looks for a service there. */
const MOST_SERVICES = 50

export function dropRuleTroubles(state: NodeState): Trouble[] {
  const { view, config, kernel } = state
  const { observed } = kernel
  const rules = observed?.dropRules
  if (!view || !config || !rules || rules.length === 0) return []
  const [owned, used] = [heldGroups(state), usedInterfaces(view, observed)]
  const by = [view, config, [...owned].toSorted().join(' '), [...used].toSorted().join(' ')]
  const last = foundIn.get(rules)
  if (last && by.every((one, at) => one === last.by[at])) return last.found
  const found = dropsOf(rules, { view, config, owned, used })
  foundIn.set(rules, { by, found })
  return found
}
/** By networks of these addresses heartbeats, clients and checks come. */
function usedInterfaces({ node, directs }: NodeView, { addresses, links }: Observed): Set<string> {
  const floating = directs.flatMap((group) => group.addresses)
  const wanted = [...node.links, ...floating].map(({ address }) => address)
  const named = floating.flatMap((one) => one.interface ?? [])
  const near = new Set(
    addresses.flatMap((own) =>
      wanted.some((one) => familyOf(one) === familyOf(own.address) && inNetwork(one, own)) ? [own.index] : [],
    ),
  )
  return new Set([...named, ...links.flatMap(({ index, name }) => (near.has(index) ? [name] : []))])
}

/** Asked many times between two readings of the rules. */
const foundIn = new WeakMap<readonly DropRule[], { readonly by: readonly unknown[]; readonly found: Trouble[] }>()

interface Hit {
  readonly need: Need
  readonly kind: DroppedKind
}
export interface Site {
  readonly view: NodeView
  readonly config: Config
  /** Groups whose addresses are here. */
  readonly owned: ReadonlySet<string>
  /** Interfaces by which something of the cluster may come. */
  readonly used: ReadonlySet<string>
}
export function dropsOf(rules: readonly DropRule[], { view, config, owned, used }: Site): Trouble[] {
  const needs = needsOf(view, config, owned)
  const known = new Set(needs.flatMap(({ sources, destinations }) => [...sources, ...destinations]))
  const byRule = new Map<string, { those: DropRule[]; hits: Hit[] }>()
  for (const rule of rules) {
    if (!isCertain(rule, known) || (rule.notBy !== undefined && used.has(rule.notBy))) continue
    const hits = needs
      .filter((need) => meets(rule, need) && !isLetIn(rule, need))
      .map((need) => ({ need, kind: kindOf(rule, need) }))
    if (hits.length === 0) continue
    const key = `${chainText(rule)} ${rule.policy === true ? 'policy' : rule.handle}`
    const before = byRule.get(key) ?? { those: [], hits: [] }
    byRule.set(key, { those: [...before.those, rule], hits: [...before.hits, ...hits] })
  }
  const nodes = byRule.size === 0 ? new Map<string, ReadonlySet<string>>() : nodesByAddress(config)
  const nodeOf = (address: string): string => [...(nodes.get(address) ?? [])].join(' ')
  const found = [...byRule.values()].map(({ those, hits }) => told(view.node.name, those, hits, nodeOf))
  const isWorst = ({ severity }: Trouble): boolean => severity === 'critical'
  return [...found.filter(isWorst), ...found.filter((one) => !isWorst(one))].slice(0, MOST_RULES)
}

/** Without going over all that is needed: whoever is no part of the cluster may be kept out by thousands of rules. */
function isCertain(rule: DropRule, known: ReadonlySet<string>): boolean {
  const { source, destination, port, sourcePort, hook, more, behind, accepts } = rule
  // Of what is forwarded it is told by what it does (forward-dropped): a director of realservers that answer by themselves forwards nothing.
  if (accepts !== undefined && hook === HOOK.forward) return false
  if (more || hook === null || (behind === true && accepts === undefined)) return false
  if (accepts === undefined && [source, destination, port, sourcePort].every((one) => one === undefined)) return false
  return [source, destination].every((one) => one === undefined || known.has(one))
}
const isIn = (port: number | undefined, ranges: readonly PortRange[]): boolean =>
  port === undefined || ranges.some(({ from, to }) => from <= port && port <= to)
const isAt = (address: string | undefined, addresses: ReadonlySet<string>): boolean =>
  address === undefined || addresses.has(address)
const FAMILY: Readonly<Record<string, Need['family']>> = { ip: 'ipv4', ip6: 'ipv6' }

/** Where a packet for this machine, by its destination, is seen. */
const LOCAL: ReadonlySet<number> = new Set([HOOK.prerouting, HOOK.input])
/** A realserver may well send what comes for its port to another one of its own: of what is taken only clients' are told, who want a realserver. */
const meets = (rule: DropRule, need: Need): boolean =>
  rule.hook !== null &&
  !(rule.takes === true && need.kind !== 'clients') &&
  !(rule.local === true && !LOCAL.has(rule.hook)) &&
  !(rule.afterIpvs === true && need.kind === 'clients') &&
  need.hooks.has(rule.hook) &&
  (FAMILY[rule.family] ?? need.family) === need.family &&
  asksFor(rule, need)

type Asked = {
  readonly [Key in 'protocol' | 'source' | 'destination' | 'port' | 'sourcePort']?: DropRule[Key] | undefined
}
const asksFor = (rule: Asked, need: Need): boolean =>
  (rule.protocol ?? need.protocol) === need.protocol &&
  isAt(rule.source, need.sources) &&
  isAt(rule.destination, need.destinations) &&
  isIn(rule.port, need.ports) &&
  isIn(rule.sourcePort, need.sourcePorts)

/** May it be let in before the end of the filter, at least of some? What belongs to a connection that is there is no client's first packet. */
const isLetIn = ({ accepts = [] }: DropRule, need: Need): boolean =>
  accepts.some(
    (one) =>
      !(one.late === true && FIRST.has(need.kind)) &&
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
const FIRST: ReadonlySet<DroppedKind> = new Set(['clients', 'servers', 'sent'])

/** Of clients: all that they send, or one of several ports or protocols. */
function kindOf({ port, protocol }: DropRule, { kind, ports, only }: Need): DroppedKind {
  if (kind !== 'clients') return kind
  const [first] = ports
  const isOnePort = ports.length === 1 && first?.from === first?.to
  return (port === undefined || isOnePort) && (protocol === undefined || only) ? 'clients' : 'some'
}

/** Whose they are: of heartbeat links, and of realservers. */
function nodesByAddress({ nodes, services }: Config): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const note = (address: string, node: string): unknown =>
    found.get(address)?.add(node) ?? found.set(address, new Set([node]))
  for (const { name, links } of nodes) for (const { address } of links) note(address, name)
  for (const { realservers } of services) for (const { address, node } of realservers) note(address, node)
  return found
}

const KINDS = Object.keys(DROPPED) as DroppedKind[]
function told(
  node: string,
  those: readonly DropRule[],
  hits: readonly Hit[],
  nodeOf: (address: string) => string,
): Trouble {
  const [first] = those as readonly [DropRule, ...DropRule[]]
  const whats = KINDS.flatMap((kind) => {
    const names = [...new Set(hits.flatMap((hit) => (hit.kind === kind ? [hit.need.name] : [])))].toSorted()
    return names.length === 0 ? [] : [DROPPED[kind](listed(names, MOST_SERVICES))]
  })
  const severity = hits.some(({ need }) => need.now) ? 'critical' : 'warning'
  const [chain, does] = [chainText(first), `${dropVerb(first)} ${whats.join('; ')}`]
  if (first.accepts) return toldEnd(node, first, severity, does, hits)
  const { evidence, away } = dropRulePlace(those)
  const what = listed([...new Set(those.map((one) => dropRuleText(one, nodeOf)))], MOST_NAMED)
  return {
    ...{ code: 'drop-rule', severity, object: `chain ${chain} handle ${first.handle}` },
    message: `a rule of chain ${chain} of ${node} ${does}: all that is ${what}`,
    evidence: [...evidence, dropCountText(first)].join('; '),
    hint: `on ${node}: ${away}`,
  }
}

/** Of what ends a filter: it stays, and what is needed is let in before it. */
function toldEnd(
  node: string,
  end: DropRule,
  severity: Trouble['severity'],
  does: string,
  hits: readonly Hit[],
): Trouble {
  const [chain, which] = [chainText(end), end.policy === true ? 'policy' : `handle ${end.handle}`]
  const [needed] = hits.map(({ need }) => need)
  return {
    ...{ code: 'drop-rule', severity, object: `chain ${chain} ${which}` },
    message: `${end.policy === true ? 'the policy' : 'a rule'} of chain ${chain} of ${node} ${does}: nothing before it lets that in`,
    evidence: `nft -a list chain ${chain}: ${end.policy === true ? 'policy drop' : which}`,
    hint: `on ${node}: nft insert rule ${chain} ${needed ? openingOf(needed) : ''}, and the same where the rules are made (ufw allow, firewall-cmd --permanent --add-port)`,
  }
}
function openingOf({ protocol, destinations, ports, sourcePorts, family }: Need): string {
  const name = Object.entries(KERNEL_PROTOCOLS).find(([, { number }]) => number === protocol)?.[0] ?? String(protocol)
  const [to] = destinations.size === 1 ? destinations : []
  const rangesOf = (ranges: readonly PortRange[]): string => {
    const texts = ranges.map(({ from, to: last }) => (from === last ? String(from) : `${from}-${last}`))
    return texts.length === 1 ? (texts[0] ?? '') : `{ ${texts.join(', ')} }`
  }
  return [
    to === undefined ? '' : `${family === 'ipv4' ? 'ip' : 'ip6'} daddr ${to}`,
    ports.length > 0 ? `${name} dport ${rangesOf(ports)}` : '',
    sourcePorts.length > 0 ? `${name} sport ${rangesOf(sourcePorts)}` : '',
    ports.length + sourcePorts.length === 0 ? `meta l4proto ${name}` : '',
    'accept',
  ]
    .filter((text) => text !== '')
    .join(' ')
}
