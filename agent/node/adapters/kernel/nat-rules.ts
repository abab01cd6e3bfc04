/** Our nftables tables beside IPVS: always replaced as a whole, in one transaction, and watched. */
import { type NatRules, natRulesText, type SyncRules } from '@lvsm/plan'
import { NETLINK, openNetlink } from '@lvsm/kernel'
import { type Family, familyOf, MARKS } from '@lvsm/base'
import { KERNEL_PROTOCOLS } from '@lvsm/model'
import { nftables } from '@lvsm/netlink'
import { BEGUN, handoverRules } from './handover-rules.ts'
import { destinationIs, is, markRule, port, type Rule, sourceIs, throughRule } from './rule-parts.ts'
import { invalidRule, masqueradeRules, masqueradeSets, sourceRule } from './source-rules.ts'
import { asMuchAs, hadAny } from './rule-groups.ts'
import { SYNC_CHAIN } from './sync-heard.ts'
import { rememberedSets, setAgain, standingRules } from './standing-rules.ts'
import { tunnelChains } from './tunnel-rules.ts'

const { match } = nftables
const INET: nftables.TableName = { family: 'inet', table: MARKS.rulesTable }
/** `dup` knows no inet. */
const OF_FAMILY: Readonly<Record<Family, nftables.TableName>> = {
  ipv4: { family: 'ip', table: MARKS.rulesTable },
  ipv6: { family: 'ip6', table: MARKS.rulesTable },
}
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']
const RST_AND_ACK = 0x14
/** After IPVS: it translates answers in forward at 100 and takes what it knows in input at 99. */
const AFTER_IPVS = 150
/** Answers of NAT realservers still have the realserver's address and port. */
const BEFORE_IPVS = 50
const SOURCE_NAT = 100
const FILTER = 0
/** Before connection tracking. */
const RAW = -300
const UDP = 17
/** After connection tracking, before routing and IPVS (linux/netfilter_ipv4.h, NF_IP_PRI_MANGLE). */
const MANGLE = -150

export interface NatRulesPort {
  /** `natRulesText` of what was loaded while the rules are still those; null when there is no table; else something that no rules are. */
  observe(): string | null
  /** Null takes the tables away. The error as a sentence, or null. */
  load(needs: NatRules | null): string | null
  close(): void
}

/** `ip saddr A tcp sport P ct state != established counter drop` */
const untranslatedRule = ({ address, port: number, upTo, protocol }: NatRules['untranslated'][number]): Rule => [
  ...sourceIs(address),
  ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
  ...port(0, number, upTo),
  { kind: 'ct', key: 'state' },
  { kind: 'bitwise', mask: Uint8Array.of(nftables.CT_STATE.established, 0, 0, 0), xor: new Uint8Array(4) },
  { kind: 'cmp', op: 'eq', data: new Uint8Array(4) },
  match.counter,
  match.decide(nftables.drop),
]

/** `ip daddr V tcp dport P counter notrack` */
const untrackedRule = ({ address, port: number, upTo, protocol }: NonNullable<NatRules['untracked']>[number]): Rule => [
  ...destinationIs(address),
  ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
  ...port(2, number, upTo),
  match.counter,
  { kind: 'notrack' },
]

/** `ip saddr A tcp sport P tcp flags & (rst | ack) == rst | ack tcp sequence 0 counter drop`: what answers a SYN (RFC 9293, 3.5.2). */
const rstRule = ({ address, port: number, protocol }: NatRules['suppressRst'][number]): Rule => [
  ...sourceIs(address),
  ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
  ...port(0, number),
  { kind: 'payload', base: 'transport', offset: 13, length: 1 },
  { kind: 'bitwise', mask: Uint8Array.of(RST_AND_ACK), xor: Uint8Array.of(0) },
  { kind: 'cmp', op: 'eq', data: Uint8Array.of(RST_AND_ACK) },
  ...is({ kind: 'payload', base: 'transport', offset: 4, length: 4 }, new Uint8Array(4)),
  match.counter,
  match.decide(nftables.drop),
]

/** `iifname I ip saddr A ip daddr G udp dport P accept` for each director, and `ip daddr G udp dport P counter drop` for everybody else. */
function syncRules({ interface: name, group, port: number, peers }: SyncRules): Rule[] {
  const onPort: Rule = [...match.transportIs(UDP), ...match.portIs(number)]
  return [
    ...peers.map(
      (address): Rule => [
        ...match.interfaceIs('iifname', name),
        ...sourceIs(address),
        ...match.destinationIs(group),
        ...onPort,
        match.counter,
        match.decide(nftables.accept),
      ],
    ),
    [...destinationIs(group), ...onPort, match.counter, match.decide(nftables.drop)],
  ]
}

const clear = (table: nftables.TableName): Uint8Array[] => [nftables.newTable(table), nftables.deleteTable(table)]

function build(needs: NatRules): Uint8Array[] {
  const { inet } = nftables.HOOK
  const chain = (
    table: nftables.TableName,
    name: string,
    number: number,
    priority: number,
    type: 'filter' | 'nat',
    rules: readonly Rule[],
  ): Uint8Array[] => [
    nftables.newChain({ ...table, chain: name, type, hook: { number, priority }, policy: 'accept' }),
    ...rules.map((expressions) => nftables.newRule({ ...table, chain: name, expressions })),
  ]
  const handed = FAMILIES.flatMap((family) => {
    const table = OF_FAMILY[family]
    const entries = needs.handover.filter(({ to }) => familyOf(to) === family)
    const handover = (name: string, priority: number, known: boolean) => {
      const rules = entries.filter((one) => (one.known === true) === known).flatMap(handoverRules)
      return rules.length === 0 ? [] : chain(table, name, inet.input, priority, 'filter', rules)
    }
    if (entries.length === 0) return []
    return [
      nftables.newTable(table),
      nftables.newSet({ ...table, set: BEGUN, key: `${family}Flow`, timeouts: true, dynamic: true }),
      ...handover('handover', AFTER_IPVS, false),
      ...handover('handover-known', BEFORE_IPVS, true),
    ]
  })
  const suppressRst = (at: 'output' | 'forward'): Uint8Array[] => {
    const rules = needs.suppressRst.filter((entry) => entry.at === at).map(rstRule)
    return rules.length === 0 ? [] : chain(INET, `suppress-rst-${at}`, inet[at], BEFORE_IPVS, 'filter', rules)
  }
  const marks = (needs.marks ?? []).map(markRule)
  const marking = marks.length === 0 ? [] : chain(INET, 'marks', inet.prerouting, MANGLE, 'filter', marks)
  const untracked = (needs.untracked ?? []).map(untrackedRule)
  const through = (needs.through ?? []).map(throughRule)
  const tables = [
    nftables.newTable(INET),
    ...(untracked.length === 0 ? [] : chain(INET, 'untracked', inet.prerouting, RAW, 'filter', untracked)),
    ...marking,
    ...(through.length === 0 ? [] : chain(INET, 'through', inet.output, MANGLE, 'filter', through)),
    ...suppressRst('output'),
    ...suppressRst('forward'),
    ...(needs.sync ? chain(INET, SYNC_CHAIN, inet.input, FILTER, 'filter', syncRules(needs.sync)) : []),
    ...(needs.tunnels ? tunnelChains(INET, needs.tunnels) : []),
  ]
  // A node without NAT realservers and gateways needs no connection tracking.
  const sources = [...(needs.sources ?? []).map(sourceRule), ...masqueradeRules(needs.masquerade)]
  const stopped = [...needs.untranslated.map(untranslatedRule), ...needs.masquerade.map(invalidRule)]
  if (sources.length === 0 && stopped.length === 0) return [...tables, ...handed]
  return [
    ...tables,
    ...masqueradeSets(INET, needs),
    ...chain(INET, 'untranslated', inet.forward, AFTER_IPVS, 'filter', stopped),
    ...chain(INET, 'masquerade', inet.postrouting, SOURCE_NAT, 'nat', sources),
    ...handed,
  ]
}

/** A set of the same name has a table for each family. */
const refill = (begun: readonly nftables.ElementList[], { handover }: NatRules): Uint8Array[] =>
  FAMILIES.flatMap((family) => {
    const table = OF_FAMILY[family]
    if (!handover.some(({ to }) => familyOf(to) === family)) return []
    return begun.filter((one) => one.family === table.family).flatMap((one) => setAgain({ ...table, set: BEGUN }, one))
  })

export function openNatRules(): NatRulesPort {
  const socket = openNetlink(NETLINK.netfilter)
  let loaded: { readonly rules: NatRules | null; readonly standing: string } = { rules: null, standing: '' }
  /** Of needs that the kernel did not take as a whole: what was said, and how its part stands. */
  let partly: { readonly of: string | null; readonly standing: string; readonly says: string } | null = null

  const standing = (): string => standingRules(socket)

  /** They are loaded, whatever becomes of the question: without an answer the next look takes them for changed, and they are loaded again. */
  function stands(): string {
    try {
      return standing()
    } catch {
      return 'not known'
    }
  }

  return {
    observe() {
      const now = standing()
      if (now === '') return null
      return now === loaded.standing ? natRulesText(loaded.rules) : 'changed by somebody else'
    },
    load(needs) {
      const refused = put(needs)
      if (refused === null) {
        loaded = { rules: needs, standing: stands() }
        return null
      }
      const why = `${refused}: are the modules nf_tables, nf_conntrack, nft_chain_nat, nft_ct, nft_dup_ipv4 and nft_dup_ipv6 there?`
      if (needs === null) return why
      // It is tried again all the time: what stands of it already is not loaded anew.
      if (partly?.of === natRulesText(needs) && partly.standing === stands()) return partly.says
      const says = `${why}${loadPart(needs)}`
      partly = { of: natRulesText(needs), standing: stands(), says }
      return says
    },
    close: () => socket.close(),
  }

  /** What is said of it. */
  function loadPart(needs: NatRules): string {
    const { needs: some, without } = asMuchAs(needs, (part) => put(part) === null)
    if (some === null) return ''
    const isBack = hadAny(loaded.rules, without) && put(loaded.rules) === null
    loaded = { rules: isBack ? loaded.rules : some, standing: stands() }
    return isBack ? ' The rules of before stand.' : ` All else is loaded, but for: ${without.join(', ')}`
  }

  /** The error as a sentence, or null. */
  function put(needs: NatRules | null): string | null {
    const cleared = [INET, ...FAMILIES.map((family) => OF_FAMILY[family])].flatMap(clear)
    // Rules that change in mid-move for another reason forget none of the connections that began here.
    const begun = needs?.handover.some(({ known }) => known === true) === true ? rememberedSets(socket, BEGUN) : []
    const messages = [...cleared, ...(needs === null ? [] : [...build(needs), ...refill(begun, needs)])]
    return socket.apply(nftables.batch(messages))?.message ?? null
  }
}
