/** Rules that give packets another source behind routing, and keep back what none can be given. */
import { type Family, familyOf } from '@lvsm/base'
import { isAll, KERNEL_PROTOCOLS } from '@lvsm/model'
import { inetBytes, nftables } from '@lvsm/netlink'
import type { NatRules } from '@lvsm/plan'
import { destinationIs, is, port, type Rule } from './rule-parts.ts'

const { match } = nftables

/** `snat to A`, behind a match of its family. */
const leaveAs = (address: string): Rule => [
  match.counter,
  { kind: 'load', data: inetBytes(address) },
  familyOf(address) === 'ipv6' ? { kind: 'snat', family: 'ipv6' } : { kind: 'snat' },
]

type Masquerade = NatRules['masquerade'][number]
const FAMILIES: readonly Family[] = ['ipv4', 'ipv6']
const partsOf = (family: Family) =>
  family === 'ipv6'
    ? { only: match.ipv6Only, from: match.load.ipv6Source, to: match.load.ipv6Destination }
    : { only: match.ipv4Only, from: match.load.ipv4Source, to: match.load.ipv4Destination }
const hereOf = (family: Family): string => `here-${family}`
const vipsOf = (at: number): string => `vips-${at}`

function setOf(table: nftables.TableName, set: string, family: Family, addresses: readonly string[]): Uint8Array[] {
  const elements = addresses.filter((one) => familyOf(one) === family).map((one) => ({ key: inetBytes(one) }))
  const messages = [nftables.newSet({ ...table, set, key: family })]
  for (let at = 0; at < elements.length; at += nftables.ELEMENTS_PER_MESSAGE)
    messages.push(nftables.newElements({ ...table, set }, elements.slice(at, at + nftables.ELEMENTS_PER_MESSAGE)))
  return messages
}
/** What the rules look into: this node's addresses, and the VIPs beside each gateway. */
export const masqueradeSets = (
  table: nftables.TableName,
  { masquerade, here = [] }: Pick<NatRules, 'masquerade' | 'here'>,
): Uint8Array[] =>
  masquerade.length === 0
    ? []
    : [
        ...FAMILIES.flatMap((family) => setOf(table, hereOf(family), family, here)),
        ...masquerade.flatMap(({ vip, vips }, at) => setOf(table, vipsOf(at), familyOf(vip), vips)),
      ]

/** `ip saddr N/M ip daddr != N/M` */
function leaves({ network: { address, prefix } }: Masquerade): Rule {
  const { only, from, to } = partsOf(familyOf(address))
  const inside = match.networkIs(to, address, prefix)
  const outside = inside.map((part): nftables.Expression => (part.kind === 'cmp' ? { ...part, op: 'neq' } : part))
  return [...only, ...match.networkIs(from, address, prefix), ...outside]
}

/**
 * `ip saddr @here accept` and `ct original ip daddr @here ip daddr != @here accept` (somebody, as a rule IPVS, has given it another
 * destination) of each family; then for each network `ip daddr @vips accept` and `ip saddr N/M ip daddr != N/M counter snat to V`.
 */
export function masqueradeRules(all: readonly Masquerade[]): Rule[] {
  const accept = match.decide(nftables.accept)
  const families = FAMILIES.filter((family) => all.some(({ vip }) => familyOf(vip) === family))
  const leftAlone = families.flatMap((family): Rule[] => {
    const { only, from, to } = partsOf(family)
    const key = family === 'ipv6' ? 'destinationIpv6' : 'destinationIpv4'
    const asked = match.inSet({ kind: 'ct-original', key }, hereOf(family))
    return [
      [...only, ...match.inSet(from, hereOf(family)), accept],
      [...only, ...asked, ...match.notInSet(to, hereOf(family)), accept],
    ]
  })
  const translated = all.flatMap((one, at): Rule[] => {
    const { to } = partsOf(familyOf(one.vip))
    return [
      [...leaves(one), ...match.inSet(to, vipsOf(at)), accept],
      [...leaves(one), ...leaveAs(one.vip)],
    ]
  })
  return [...leftAlone, ...translated]
}

/** `ip saddr N/M ip daddr != N/M ip saddr != @here ct state invalid counter drop`: behind IPVS, whose answers have a VIP as source by then. */
export function invalidRule(one: Masquerade): Rule {
  const family = familyOf(one.vip)
  return [
    ...leaves(one),
    ...match.notInSet(partsOf(family).from, hereOf(family)),
    ...match.trackedAs(nftables.CT_STATE.invalid),
    match.counter,
    match.decide(nftables.drop),
  ]
}

type SourceRule = NonNullable<NatRules['sources']>[number]

/** `ct original ip daddr V ip daddr A tcp dport P counter snat to S`: only IPVS can have brought a packet from there to here. */
export const sourceRule = ({ vip, address, protocol, ports, source }: SourceRule): Rule => [
  ...destinationIs(address),
  ...is({ kind: 'ct-original', key: familyOf(vip) === 'ipv6' ? 'destinationIpv6' : 'destinationIpv4' }, inetBytes(vip)),
  ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
  ...(isAll(ports) ? [] : port(2, ports.from, ports.to)),
  ...leaveAs(source),
]
