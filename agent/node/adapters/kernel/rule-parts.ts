/** Parts that rules beside IPVS have in common, and the rules that mark packets. */
import { familyOf } from '@lvsm/base'
import { isAll, KERNEL_PROTOCOLS } from '@lvsm/model'
import { inetBytes, nftables } from '@lvsm/netlink'
import type { Marking, ThroughRule } from '@lvsm/plan'

const { match } = nftables

export type Rule = readonly nftables.Expression[]
export const is = (field: nftables.Expression, bytes: Uint8Array): Rule => [
  field,
  { kind: 'cmp', op: 'eq', data: bytes },
]
const wide = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 0xff)
/** `tcp sport P` (offset 0) or `tcp dport P` (2), or `P-Q`. */
export function port(offset: 0 | 2, number: number, upTo = number): Rule {
  const field: nftables.Expression = { kind: 'payload', base: 'transport', offset, length: 2 }
  if (number === upTo) return is(field, wide(number))
  return [field, { kind: 'cmp', op: 'gte', data: wide(number) }, { kind: 'cmp', op: 'lte', data: wide(upTo) }]
}

/** `ip saddr A`, or `ip6 saddr A`. */
export const sourceIs = (address: string): Rule =>
  familyOf(address) === 'ipv4'
    ? [...match.ipv4Only, ...is(match.load.ipv4Source, inetBytes(address))]
    : [...match.ipv6Only, ...is(match.load.ipv6Source, inetBytes(address))]

/** `ip daddr A`, or `ip6 daddr A`. */
export const destinationIs = (address: string): Rule =>
  familyOf(address) === 'ipv4'
    ? [...match.ipv4Only, ...is(match.load.ipv4Destination, inetBytes(address))]
    : [...match.ipv6Only, ...is(match.load.ipv6Destination, inetBytes(address))]

/** `ip daddr V tcp dport P-Q counter meta mark set M accept`; accept ends this chain, and no other one. */
export const markRule = ({ address, protocol, ports, mark }: Marking): Rule => [
  ...destinationIs(address),
  ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
  ...(isAll(ports) ? [] : port(2, ports.from, ports.to)),
  match.counter,
  ...(mark === null ? [] : match.setMark(mark)),
  match.decide(nftables.accept),
]

/** `ip saddr S ip daddr V tcp dport P counter meta mark set M accept` */
export const throughRule = ({ protocol, source, address, port: number, mark }: ThroughRule): Rule => [
  ...sourceIs(source),
  ...destinationIs(address),
  ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
  ...port(2, number),
  match.counter,
  ...match.setMark(mark),
  match.decide(nftables.accept),
]
