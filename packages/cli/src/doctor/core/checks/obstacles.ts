/** What somebody put into the way of packets, and forgot (rows 42 to 46). */
import {
  chainText,
  type Closed,
  type ClosedRoute,
  dropCountText,
  dropRulePlace,
  dropRuleText,
  dropTargetText,
  dropVerb,
  covers,
  familyOf,
  listed,
  netemAway,
  netemHarm,
  type RoutingRule,
  whatCloses,
} from '@lvsm/base'
import type { FactDropRule } from '@lvsm/protocol'
import type { Check, Seen, Site } from '../check.ts'

const netem: Check = {
  name: 'netem',
  rows: [42],
  title: 'a queueing discipline delays or loses packets',
  symptom: 'heartbeats and checks are late or lost, connections crawl, and nothing is down',
  why: 'netem is for tests: who tried something with it has to take it away, and a restart of the machine does',
  mend: 'tc qdisc del dev IF root',
  look({ facts }) {
    return (facts.netem ?? []).flatMap((one): Seen[] => {
      const harm = netemHarm(one)
      if (harm === null) return []
      return [
        {
          severity: harm.severity,
          object: one.interface,
          message: `${one.interface} ${harm.does}`,
          evidence: [`tc qdisc show dev ${one.interface}: netem, ${one.parent}`],
          mend: `${netemAway(one.interface, one)}, and take it from whatever makes it`,
        },
      ]
    })
  },
}

const noWay: Check = {
  name: 'no-way',
  rows: [43],
  title: 'the kernel has no way to a realserver or a gateway',
  symptom: 'checks fail at once (Invalid argument, Network is unreachable, Permission denied), and clients get nothing',
  why: 'IPVS sends by the same routes as everybody; a rule, or a blackhole, an unreachable or a prohibit route that is narrower than the network, wins',
  mend: 'ip route get ADDRESS, ip rule, ip route show table all: take away what leads nowhere',
  look({ facts, part }) {
    const routes = facts.closed ?? []
    const rules =
      facts.wayRules?.map(({ source = null, sourcePrefix = 0, ...rule }) => ({ ...rule, source, sourcePrefix })) ??
      routes.map(unruled)
    return (facts.wayless ?? []).map(({ to, why, code }): Seen => {
      const codes = code === undefined ? ANY : [code]
      const by = codes.reduce<Closed | null>((found, one) => found ?? whatCloses(to, one, rules, routes), null)
      const family = to.includes(':') ? '-6 ' : ''
      return {
        severity: 'critical',
        object: to,
        message: `the kernel has no way to ${to}${part.nodeOf(to) === '' ? '' : ` (${part.nodeOf(to)})`}${by ? `: ${by.says}` : ''}`,
        evidence: [`ip ${family}route get ${to}: ${why}`, ...(by ? [by.shown] : [])],
        mend: by
          ? `${by.away}, and take it from whatever makes it`
          : `ip ${family}rule and ip ${family}route show table all say which rule or missing route it is`,
      }
    })
  },
}
/** Of an older examiner, which names neither the answer nor rules. */
const ANY = ['EACCES', 'EINVAL', 'EHOSTUNREACH']
const unruled = ({ table, destination }: ClosedRoute): RoutingRule => ({
  ...{ priority: 0, table, closes: null, destination: null, prefix: 0, source: null, sourcePrefix: 0, some: false },
  family: familyOf(destination),
})

const fixedNeighbour: Check = {
  name: 'fixed-neighbour',
  rows: [44],
  title: 'a neighbour entry that somebody made by hand',
  symptom:
    'one machine does not reach another, which everybody else does; after a change of hardware, or of who has a VIP',
  why: 'of a permanent entry the kernel asks nobody, and a gratuitous ARP does not change it',
  mend: 'ip neigh del ADDRESS dev IF, where the MAC is not that machine’s',
  look({ facts, part }) {
    return (facts.fixedNeighbours ?? [])
      .filter(({ address }) => part.reached.has(address) || facts.routes.some(({ gateway }) => gateway === address))
      .map(({ interface: dev, address, mac }) => ({
        severity: 'warning',
        object: address,
        message: `what goes to ${address} goes to ${mac ?? 'no address'} on ${dev}, whoever has it: the neighbour entry is permanent`,
        evidence: [
          `ip neigh show nud permanent: ${address} dev ${dev} ${mac === null ? '' : `lladdr ${mac} `}PERMANENT`,
        ],
        mend: `unless that MAC is right, and wanted so: ip neigh del ${address} dev ${dev}, and take it from whatever makes it`,
      }))
  },
}

/** Does it name something of the cluster's, and nothing that is not? */
function concerns({ part, facts }: Site, rule: FactDropRule): boolean {
  const addresses = [rule.source, rule.destination].flatMap((one) => one ?? [])
  const ports = [rule.port, rule.sourcePort].flatMap((one) => one ?? [])
  const isKnown = (address: string): boolean =>
    part.reached.has(address) ||
    [...part.reached, ...facts.addresses.map((one) => one.address)].some((one) => covers(address, one))
  if (addresses.length + ports.length === 0) return !rule.more && rule.hook !== null
  // Who is kept out, and is nobody of these nor in a network of this machine, where other nodes are, is no part of the cluster, whatever he asks for.
  if (rule.source !== undefined && !isKnown(rule.source) && !isNear(facts, rule.source)) return false
  if (ports.some((port) => part.ports.has(port))) return true
  // Of a machine whose ports nobody knows any may be meant.
  return (ports.length === 0 || part.ports.size === 0) && addresses.some(isKnown)
}

const isNear = ({ addresses }: Site['facts'], address: string): boolean =>
  addresses.some((own) => covers(`${own.address}/${own.prefix}`, address) || covers(address, own.address))

const dropRule: Check = {
  name: 'drop-rule',
  rows: [45],
  title: 'a packet filter drops, or sends elsewhere, what the cluster needs',
  symptom: 'no answer: checks run into their time-out, clients wait, or a node is taken for dead while it lives',
  why: 'a drop is silent; the port listens, and nobody sees that from outside',
  mend: 'nft -a list ruleset, and iptables -S where that is in use: delete the rule',
  look(site) {
    if (!site.part.director && site.part.aliases.length === 0 && site.part.node === null) return []
    const byRule = new Map<string, FactDropRule[]>()
    // Behind rules that accept the same it is meant for whoever these do not name.
    for (const rule of site.facts.dropRules ?? []) {
      if (rule.behind === true || !concerns(site, rule)) continue
      const key = `${chainText(rule)} ${rule.handle}`
      byRule.set(key, [...(byRule.get(key) ?? []), rule])
    }
    return [...byRule.values()].map((those) => dropSeen(those, site.part.nodeOf))
  },
}
const MOST_NAMED = 4
const unique = (texts: readonly string[]): string[] => [...new Set(texts)].filter((text) => text !== '')

/** Of one rule: all that it drops by its set, or by whence it is reached. */
function dropSeen(those: readonly FactDropRule[], nodeOf: (address: string) => string): Seen {
  const [first] = those as readonly [FactDropRule, ...FactDropRule[]]
  const { packets } = first
  const more = first.more || first.notBy !== undefined
  const at = chainText(first)
  const what = listed(unique(those.map((one) => dropRuleText(one, nodeOf))), MOST_NAMED)
  // A drop behind rules that accept is the end of most filters: only what names something, or has dropped, is meant.
  const named = first.port !== undefined || first.destination !== undefined || first.source !== undefined
  const { evidence, away } = dropRulePlace(those)
  const target = dropTargetText(first)
  return {
    severity: !named ? 'info' : packets === 0 || more ? 'warning' : 'critical',
    object: `chain ${at}`,
    message: `a rule of chain ${at} ${dropVerb(first)}${target === '' ? '' : ` (to ${target})`} ${what === '' ? 'all that comes to it' : `what is ${what}`}: ${dropCountText(first)}`,
    evidence,
    mend: away,
  }
}

const noCarrier: Check = {
  name: 'no-carrier',
  rows: [46],
  title: 'an interface with an address has no carrier',
  symptom: 'nothing goes out or comes in by it: the cable, the other end, or the port of a switch',
  why: 'an address on it stays, and so do its routes',
  mend: 'see to the cable and the other end; ip link set IF up',
  look({ facts, part }) {
    const used = facts.addresses.filter(({ address }) => part.reached.has(address))
    return facts.links
      .filter(
        ({ name, loopback, up, carrier }) =>
          !loopback && (!up || carrier === false) && used.some((one) => one.interface === name),
      )
      .map(({ name, up }) => ({
        severity: 'critical',
        object: name,
        message: up ? `${name} is up and has no carrier` : `${name} is down`,
        evidence: [
          `ip link show ${name}: ${up ? 'NO-CARRIER' : 'DOWN'}`,
          ...used.filter((one) => one.interface === name).map(({ address }) => `${address} is on it`),
        ],
        mend: up ? 'see to the cable, to the other end, and to the port of the switch' : `ip link set ${name} up`,
      }))
  },
}

export const OBSTACLE_CHECKS: readonly Check[] = [netem, noWay, fixedNeighbour, dropRule, noCarrier]
