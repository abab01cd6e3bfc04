/**
 * The fence as nf_tables objects (FENCE.md, section 1): in each family a map from address to the group's chain, consulted in both
 * directions; the group's chain accepts while its set holds the protocol, else counts and drops. Only that one element
 * has a timeout, so a renewal costs the same however many addresses a group has.
 */
import {
  FENCE_LAYERS,
  FENCE_MAP as ADDRESSES,
  FENCE_TABLE,
  type FenceLayer as Layer,
  type LeaseGroup,
  egressChain,
  fenceChain as chainOf,
  fenceSet as setOf,
} from '@lvsm/protocol'
import { ETHERTYPE, inetBytes, nftables } from '@lvsm/netlink'
import type { FencePart } from '../../core/events.ts'

const { match } = nftables
export const TABLE = FENCE_TABLE
/** Before connection tracking and IPVS on the way in; after everything on the way out. */
const FIRST = -300
const LAST = 300

export const LAYERS: Readonly<Record<FencePart, readonly Layer[]>> = FENCE_LAYERS
const PROTOCOL: Readonly<Record<Layer, number>> = { arp: ETHERTYPE.arp, netdev: ETHERTYPE.arp, inet: ETHERTYPE.ipv4 }

interface Hooked {
  readonly chain: string
  readonly hook: nftables.Hook
  readonly rules: readonly (readonly nftables.Expression[])[]
}

const byAddress = (field: nftables.Expression): readonly nftables.Expression[] => match.byMap(field, ADDRESSES)

function hooks(layer: Layer, groups: readonly LeaseGroup[], devices: readonly string[]): readonly Hooked[] {
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
        rules: [[...match.protocolIs(ETHERTYPE.arp), ...byAddress(match.load.arpSenderIp)]],
      }))
    case 'inet':
      return [
        {
          chain: 'prerouting',
          hook: { number: nftables.HOOK.inet.prerouting, priority: FIRST },
          rules: [[...match.ipv4Only, ...byAddress(match.load.ipv4Destination)]],
        },
        {
          chain: 'postrouting',
          hook: { number: nftables.HOOK.inet.postrouting, priority: LAST },
          rules: [[...match.ipv4Only, ...byAddress(match.load.ipv4Source)]],
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
      ...match.ipv4Only,
      ...match.networkIs(match.load.ipv4Source, address, prefix),
      match.decide(nftables.jump(chainOf(group.name))),
    ])

export const elementOf = (group: string, layer: Layer): { name: nftables.SetName; key: Uint8Array } => ({
  name: { family: layer, table: TABLE, set: setOf(group) },
  key: nftables.ethertypeKey(PROTOCOL[layer]),
})

function setMessages(layer: Layer, group: string, leftMs: number): Uint8Array[] {
  const { name, key } = elementOf(group, layer)
  return [
    nftables.newSet({ ...name, key: 'ethertype', timeouts: true }),
    ...(leftMs > 0 ? [nftables.newElements(name, [{ key, timeoutMs: leftMs }])] : []),
  ]
}

function groupMessages(layer: Layer, group: string): Uint8Array[] {
  const { name } = elementOf(group, layer)
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

function addressMessages(layer: Layer, groups: readonly LeaseGroup[]): Uint8Array[] {
  const map: nftables.SetName = { family: layer, table: TABLE, set: ADDRESSES }
  const entries = groups.flatMap((group) =>
    group.addresses.map(({ address }) => ({ key: inetBytes(address), verdict: nftables.jump(chainOf(group.name)) })),
  )
  const messages = [nftables.newSet({ ...map, key: 'ipv4', verdicts: true })]
  for (let at = 0; at < entries.length; at += nftables.ELEMENTS_PER_MESSAGE)
    messages.push(nftables.newElements(map, entries.slice(at, at + nftables.ELEMENTS_PER_MESSAGE)))
  return messages
}

/** A table in place of whatever had its name, with its groups' sets; `leftMs` says which are open, and for how long yet. */
export function tableMessages(
  layer: Layer,
  groups: readonly LeaseGroup[],
  leftMs: (group: string) => number,
): Uint8Array[] {
  const table: nftables.TableName = { family: layer, table: TABLE }
  return [
    nftables.newTable(table),
    nftables.deleteTable(table),
    nftables.newTable(table),
    ...groups.flatMap((group) => setMessages(layer, group.name, leftMs(group.name))),
  ]
}

/** What makes a table work. */
export function ruleMessages(layer: Layer, groups: readonly LeaseGroup[], devices: readonly string[]): Uint8Array[] {
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
