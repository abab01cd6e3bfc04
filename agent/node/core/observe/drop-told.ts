/** What is said of a rule that drops, refuses or sends elsewhere what the cluster needs. */
import {
  chainText,
  dropCountText,
  type DropRule,
  dropRulePlace,
  dropRuleText,
  dropTargetText,
  dropVerb,
  listed,
  type Trouble,
} from '@lvsm/base'
import { type Config, KERNEL_PROTOCOLS, type PortRange } from '@lvsm/model'
import { DROPPED, type DroppedKind } from '@lvsm/protocol'
import type { Need } from './drop-needs.ts'

const MOST_NAMED = 4
/** Whoever shows a status looks for a service there. */
const MOST_SERVICES = 50

export interface Hit {
  readonly need: Need
  readonly kind: DroppedKind
}

/** Whose they are: of heartbeat links, and of realservers. */
export function nodesByAddress({ nodes, services }: Config): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const note = (address: string, node: string): unknown =>
    found.get(address)?.add(node) ?? found.set(address, new Set([node]))
  for (const { name, links } of nodes) for (const { address } of links) note(address, name)
  for (const { realservers } of services) for (const { address, node } of realservers) note(address, node)
  return found
}

const KINDS = Object.keys(DROPPED) as DroppedKind[]
export function told(
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
  const what = listed([...new Set(those.map((one) => dropRuleText(one, nodeOf)))], MOST_NAMED)
  if (first.accepts) return toldEnd(node, first, { severity, does, what }, hits)
  const { evidence, away } = dropRulePlace(those)
  const target = dropTargetText(first)
  const [needed] = hits.map(({ need }) => need)
  const { lets = [] } = first
  const but = lets.length === 0 ? '' : ', but what is let in before it'
  const letIn = listed([...new Set(lets.map((one) => dropRuleText(one, nodeOf)))], MOST_NAMED)
  return {
    ...{ code: 'drop-rule', severity, object: `chain ${chain} handle ${first.handle}` },
    message: `a rule of chain ${chain} of ${node} ${does}: all that is ${what}${but}${target === '' ? '' : ` goes to ${target}`}`,
    evidence: [...evidence, dropCountText(first), ...(but === '' ? [] : [`let in before it: ${letIn}`])].join('; '),
    hint: `on ${node}: ${but !== '' && needed ? `nft insert rule ${chain} ${openingOf(needed)}; or: ` : ''}${away}`,
  }
}

/** Of what ends a filter: it stays, and what is needed is let in before it. */
function toldEnd(
  node: string,
  end: DropRule,
  { severity, does, what }: { readonly severity: Trouble['severity']; readonly does: string; readonly what: string },
  hits: readonly Hit[],
): Trouble {
  const [chain, which] = [chainText(end), end.policy === true ? 'policy' : `handle ${end.handle}`]
  const [needed] = hits.map(({ need }) => need)
  return {
    ...{ code: 'drop-rule', severity, object: `chain ${chain} ${which}` },
    message: `${end.policy === true ? 'the policy' : 'a rule'} of chain ${chain} of ${node} ${does}: ${what === '' ? '' : `all that is ${what}, `}nothing before it lets that in`,
    evidence: `nft -a list chain ${chain}: ${end.policy === true ? 'policy drop' : which}`,
    hint: `on ${node}: nft insert rule ${chain} ${needed ? openingOf(needed) : ''}, and the same where the rules are made (ufw allow, firewall-cmd --permanent --add-port)`,
  }
}
function openingOf({ kind, protocol, destinations, ports, sourcePorts, family }: Need): string {
  // Who answers is let in as such: by its port alone anybody could come to any.
  if (kind === 'returned' || kind === 'answers' || kind === 'replies') return 'ct state established,related accept'
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
