/**
 * The fence as nf_tables objects (FENCE.md, section 1): in each family a map from address to the group's chain, consulted in both
 * directions; the group's chain accepts while its set holds the protocol, else counts and drops. Only that one element (of a
 * group with addresses of both families: one for each) has a timeout, so a renewal costs the same however many addresses
 * a group has.
 */
import {
  FENCE_LAYERS,
  FENCE_MAP as ADDRESSES,
  FENCE_MAP_V6 as ADDRESSES_V6,
  FENCE_TABLE,
  type FenceLayer as Layer,
  type LeaseGroup,
  egressChain,
  fenceChain as chainOf,
  fenceSet as setOf,
} from '@lvsm/protocol'
import { type Family, familyOf } from '@lvsm/base'
import { ETHERTYPE, inetBytes, NEIGHBOUR, nftables } from '@lvsm/netlink'
import type { FencePart } from '../../core/events.ts'

const { match } = nftables
export const TABLE = FENCE_TABLE
/** Before connection tracking and IPVS on the way in; after everything on the way out. */
const FIRST = -300
const LAST = 300

export const LAYERS: Readonly<Record<FencePart, readonly Layer[]>> = FENCE_LAYERS
const PROTOCOLS: Readonly<Record<Layer, readonly number[]>> = {
  arp: [ETHERTYPE.arp],
  netdev: [ETHERTYPE.arp, ETHERTYPE.ipv6],
  ip6: [ETHERTYPE.ipv6],
  inet: [ETHERTYPE.ipv4, ETHERTYPE.ipv6],
}
/** Has the group addresses of IPv6? */
export const speaksV6 = ({ addresses }: LeaseGroup): boolean =>
  addresses.some(({ address }) => familyOf(address) === 'ipv6')
/** What a layer has tables for; ip6 only guards groups with addresses of IPv6. */
export const guardedIn = (layer: Layer, groups: readonly LeaseGroup[]): readonly LeaseGroup[] =>
  layer === 'ip6' ? groups.filter(speaksV6) : groups

interface Hooked {
  readonly chain: string
  readonly hook: nftables.Hook
  readonly rules: readonly (readonly nftables.Expression[])[]
}

type Rule = readonly nftables.Expression[]
const byAddress = (field: nftables.Expression): Rule => match.byMap(field, ADDRESSES)
const byAddressV6 = (field: nftables.Expression): Rule => match.byMap(field, ADDRESSES_V6)
/** An advertisement says where its target is; a solicitation says it of its own source. */
const ADVERTISES: Rule = [...match.icmpv6Is(NEIGHBOUR.advertisement), ...byAddressV6(match.load.neighbourTarget)]
const SOLICITS: Rule = [...match.icmpv6Is(NEIGHBOUR.solicitation), ...byAddressV6(match.load.ipv6Source)]
/** Somebody asks who has the target. */
const SOLICITED: Rule = [...match.icmpv6Is(NEIGHBOUR.solicitation), ...byAddressV6(match.load.neighbourTarget)]

/** By a packet socket, too. */
const SENT: Rule = [...match.protocolIs(ETHERTYPE.arp), ...byAddress(match.load.arpSenderIp)]
const SENT_V6: readonly Rule[] = [ADVERTISES, SOLICITS].map((rule) => [...match.protocolIs(ETHERTYPE.ipv6), ...rule])

function hooks(layer: Layer, groups: readonly LeaseGroup[], devices: readonly string[]): readonly Hooked[] {
  const six = groups.some(speaksV6)
  switch (layer) {
    case 'arp':
      return [
        {
          chain: 'input',
          hook: { number: nftables.HOOK.arp.input, priority: 0 },
          rules: [byAddress(match.load.arpTargetIp)],
        },
        {
          chain: 'output',
          hook: { number: nftables.HOOK.arp.output, priority: 0 },
          rules: [byAddress(match.load.arpSenderIp)],
        },
      ]
    case 'netdev':
      return devices.map((device) => ({
        chain: egressChain(device),
        hook: { number: nftables.HOOK.netdev.egress, priority: 0, device },
        rules: six ? [SENT, ...SENT_V6] : [SENT],
      }))
    case 'ip6':
      return [
        { chain: 'prerouting', hook: { number: nftables.HOOK.inet.prerouting, priority: FIRST }, rules: [SOLICITED] },
        {
          chain: 'postrouting',
          hook: { number: nftables.HOOK.inet.postrouting, priority: LAST },
          rules: [ADVERTISES, SOLICITS],
        },
      ]
    case 'inet':
      return [
        {
          chain: 'prerouting',
          hook: { number: nftables.HOOK.inet.prerouting, priority: FIRST },
          rules: [
            [...match.ipv4Only, ...byAddress(match.load.ipv4Destination)],
            ...(six ? [[...match.ipv6Only, ...byAddressV6(match.load.ipv6Destination)]] : []),
          ],
        },
        {
          chain: 'postrouting',
          hook: { number: nftables.HOOK.inet.postrouting, priority: LAST },
          rules: [
            [...match.ipv4Only, ...byAddress(match.load.ipv4Source)],
            ...(six ? [[...match.ipv6Only, ...byAddressV6(match.load.ipv6Source)]] : []),
          ],
        },
        // What realservers send through a NAT gateway that somebody else owns now (FENCE.md, row 11).
        {
          chain: 'forward',
          hook: { number: nftables.HOOK.inet.forward, priority: 0 },
          rules: groups.flatMap(gatewayRules),
        },
      ]
  }
}

const gatewayRules = (group: LeaseGroup): (readonly nftables.Expression[])[] =>
  group.addresses
    .filter(({ kind }) => kind === 'gateway')
    .map(({ address, prefix }) => [
      ...(familyOf(address) === 'ipv6' ? match.ipv6Only : match.ipv4Only),
      ...match.networkIs(familyOf(address) === 'ipv6' ? match.load.ipv6Source : match.load.ipv4Source, address, prefix),
      match.decide(nftables.jump(chainOf(group.name))),
    ])

/** What opens a group in a layer: the keys are put in and taken out together. */
export interface Opening {
  readonly name: nftables.SetName
  readonly keys: readonly Uint8Array[]
}
/** `six`: the group has addresses of IPv6. Without, nothing of it is in ip6: no keys. */
export const openingOf = (group: string, layer: Layer, six: boolean): Opening => ({
  name: { family: layer, table: TABLE, set: setOf(group) },
  keys: PROTOCOLS[layer]
    .filter((protocol) => six || protocol !== ETHERTYPE.ipv6)
    .map((protocol) => nftables.ethertypeKey(protocol)),
})

function setMessages(layer: Layer, group: LeaseGroup, timeoutMs: number): Uint8Array[] {
  const { name, keys } = openingOf(group.name, layer, speaksV6(group))
  const elements = keys.map((key) => ({ key, timeoutMs }))
  return [
    nftables.newSet({ ...name, key: 'ethertype', timeouts: true }),
    ...(timeoutMs > 0 ? [nftables.newElements(name, elements)] : []),
  ]
}

function groupMessages(layer: Layer, group: string): Uint8Array[] {
  const { name } = openingOf(group, layer, true)
  const chain = { family: layer, table: TABLE, chain: chainOf(group) }
  return [
    nftables.newChain(chain),
    nftables.newRule({
      ...chain,
      expressions: [...match.inSet(match.load.protocol, name.set), match.decide(nftables.accept)],
      comment: `${group}: while its lease lives`,
    }),
    nftables.newRule({
      ...chain,
      expressions: [match.counter, match.decide(nftables.drop)],
      comment: `${group}: somebody else's, or nobody's`,
    }),
  ]
}

/** ARP knows no IPv6, and a cluster without addresses of IPv6 needs no map of them. */
function addressMessages(layer: Layer, groups: readonly LeaseGroup[]): Uint8Array[] {
  return [
    ...(layer === 'ip6' ? [] : mapMessages(layer, groups, 'ipv4')),
    ...(layer !== 'arp' && groups.some(speaksV6) ? mapMessages(layer, groups, 'ipv6') : []),
  ]
}

function mapMessages(layer: Layer, groups: readonly LeaseGroup[], family: Family): Uint8Array[] {
  const map: nftables.SetName = { family: layer, table: TABLE, set: family === 'ipv4' ? ADDRESSES : ADDRESSES_V6 }
  const entries = groups.flatMap((group) =>
    group.addresses
      .filter(({ address }) => familyOf(address) === family)
      .map(({ address }) => ({ key: inetBytes(address), verdict: nftables.jump(chainOf(group.name)) })),
  )
  const messages = [nftables.newSet({ ...map, key: family, verdicts: true })]
  for (let at = 0; at < entries.length; at += nftables.ELEMENTS_PER_MESSAGE)
    messages.push(nftables.newElements(map, entries.slice(at, at + nftables.ELEMENTS_PER_MESSAGE)))
  return messages
}

/** A table in place of whatever had its name, with its groups' sets; `leftMs` says which are open, and for how long yet. */
export function tableMessages(
  layer: Layer,
  all: readonly LeaseGroup[],
  leftMs: (group: string) => number,
): Uint8Array[] {
  const groups = guardedIn(layer, all)
  const table: nftables.TableName = { family: layer, table: TABLE }
  return [
    nftables.newTable(table),
    nftables.deleteTable(table),
    nftables.newTable(table),
    ...groups.flatMap((group) => setMessages(layer, group, leftMs(group.name))),
  ]
}

/** What makes a table work. */
export function ruleMessages(layer: Layer, all: readonly LeaseGroup[], devices: readonly string[]): Uint8Array[] {
  const groups = guardedIn(layer, all)
  const table: nftables.TableName = { family: layer, table: TABLE }
  return [
    ...groups.flatMap((group) => groupMessages(layer, group.name)),
    ...addressMessages(layer, groups),
    ...hooks(layer, groups, devices).flatMap(({ chain, hook, rules }) => [
      nftables.newChain({ ...table, chain, hook, type: 'filter', policy: 'accept' }),
      ...rules.map((expressions) => nftables.newRule({ ...table, chain, expressions })),
    ]),
  ]
}
