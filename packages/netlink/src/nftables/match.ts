/** What rules of ours look at, as the `nft` tool would say it: each is a short run of expressions. */
import { AF, afOf, inetBytes } from '../inet.ts'
import type { Limit } from './dynset.ts'
import { type Expression, ifnameKey } from './expression.ts'
import type { Verdict } from './types.ts'

const field = (base: 'link' | 'network' | 'transport', offset: number, length: number): Expression => ({
  kind: 'payload',
  base,
  offset,
  length,
})
const equals = (data: Uint8Array): Expression => ({ kind: 'cmp', op: 'eq', data })
const word = (value: number): Uint8Array =>
  Uint8Array.of(value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >>> 24) & 0xff)

/** Puts a field into the register. In the inet family the IP ones need `ipv4Only` before them. */
export const load = {
  arpSenderIp: field('network', 14, 4),
  arpTargetIp: field('network', 24, 4),
  ipv4Source: field('network', 12, 4),
  ipv4Destination: field('network', 16, 4),
  ipv6Source: field('network', 8, 16),
  ipv6Destination: field('network', 24, 16),
  /** Target address of a neighbour solicitation or advertisement (RFC 4861, sections 4.3 and 4.4): `@th,64,128`. */
  neighbourTarget: field('transport', 8, 16),
  /** Source, destination, and their ports, of a packet without IP options or extension headers. */
  ipv4Flow: field('network', 12, 12),
  ipv6Flow: field('network', 8, 36),
  /** Of the frame's receiver, its sender, and its type. */
  etherDestination: field('link', 0, 6),
  etherSource: field('link', 6, 6),
  /** 16 bits in network order, as the kernel classified the packet; works in every family. */
  protocol: { kind: 'meta', key: 'protocol' },
  sourcePort: field('transport', 0, 2),
  destinationPort: field('transport', 2, 2),
} as const satisfies Record<string, Expression>

/** `meta nfproto ipv4`: in the inet family. */
export const ipv4Only: readonly Expression[] = [{ kind: 'meta', key: 'nfproto' }, equals(Uint8Array.of(AF.inet))]

/** `meta nfproto ipv6`. */
export const ipv6Only: readonly Expression[] = [{ kind: 'meta', key: 'nfproto' }, equals(Uint8Array.of(AF.inet6))]

/** `meta iiftype ether`: before `etherSource` and `etherDestination`, where a hook sees other devices too. */
export const ethernetOnly: readonly Expression[] = [{ kind: 'meta', key: 'iiftype' }, equals(Uint8Array.of(1, 0))]

/** `meta protocol arp`. */
export const protocolIs = (ethertype: number): readonly Expression[] => [
  load.protocol,
  equals(Uint8Array.of(ethertype >> 8, ethertype & 0xff)),
]

/** `ip protocol udp` (17), with any family. */
export const transportIs = (number: number): readonly Expression[] => [
  { kind: 'meta', key: 'l4proto' },
  equals(Uint8Array.of(number)),
]

const ICMPV6 = 58
/** `icmpv6 type nd-neighbor-solicit` (135) or `nd-neighbor-advert` (136), in a family that sees IPv6 alone or after `protocolIs`. */
export const icmpv6Is = (type: number): readonly Expression[] => [
  ...transportIs(ICMPV6),
  field('transport', 0, 1),
  equals(Uint8Array.of(type)),
]

export const portIs = (port: number): readonly Expression[] => [
  load.destinationPort,
  equals(Uint8Array.of(port >> 8, port & 0xff)),
]

/** `ip daddr 10.11.0.1`, `ip6 daddr 2001:db8::1`. */
export const destinationIs = (address: string): readonly Expression[] => [
  afOf(address) === AF.inet6 ? load.ipv6Destination : load.ipv4Destination,
  equals(inetBytes(address)),
]

/** `limit rate over 50/second burst 50 packets`: goes on for what is beyond it. */
export const beyond = (perSecond: number, burst: number): Limit => ({ kind: 'limit', perSecond, burst, over: true })
/** The same for each value of the loaded field: `add @set { … limit rate over … }`. */
export const beyondEach = (what: Expression, set: string, limit: Limit): readonly Expression[] => [
  what,
  { kind: 'meter', set, limit },
]

/** `iifname "lo"` and `oifname "eth1"`. */
export const interfaceIs = (key: 'iifname' | 'oifname', name: string): readonly Expression[] => [
  { kind: 'meta', key },
  equals(ifnameKey(name)),
]

/** `ip saddr 10.12.0.0/24`: the loaded address lies in a network. */
export function networkIs(address: Expression, network: string, prefix: number): readonly Expression[] {
  const bytes = inetBytes(network)
  const mask = bytes.map((_, i) => (0xff << (8 - Math.max(0, Math.min(8, prefix - 8 * i)))) & 0xff)
  const base = bytes.map((byte, i) => byte & (mask[i] ?? 0))
  return [address, { kind: 'bitwise', mask, xor: new Uint8Array(bytes.length) }, equals(base)]
}

/** `ct state invalid`: any of the bits of CT_STATE. */
export const trackedAs = (bits: number): readonly Expression[] => [
  { kind: 'ct', key: 'state' },
  { kind: 'bitwise', mask: word(bits), xor: word(0) },
  { kind: 'cmp', op: 'neq', data: word(0) },
]

/** `… vmap @map`: does what the map says of the loaded field. */
export const byMap = (what: Expression, map: string): readonly Expression[] => [
  what,
  { kind: 'lookup', set: map, verdicts: true },
]
/** `… @set`: goes on when the set has the loaded field. */
export const inSet = (what: Expression, set: string): readonly Expression[] => [what, { kind: 'lookup', set }]
export const notInSet = (what: Expression, set: string): readonly Expression[] => [
  what,
  { kind: 'lookup', set, inverted: true },
]

export const decide = (verdict: Verdict): Expression => ({ kind: 'verdict', verdict })
export const counter: Expression = { kind: 'counter', packets: 0, bytes: 0 }
/** `meta mark set N`. */
export const setMark = (mark: number): readonly Expression[] => [
  { kind: 'load', data: word(mark) },
  { kind: 'meta-set', key: 'mark' },
]

const SYN = 0x02
/** `tcp flags syn / syn tcp option maxseg size set N`: bytes of payload in a segment; lowers alone. */
export const clampMss = (bytes: number): readonly Expression[] => [
  field('transport', 13, 1),
  { kind: 'bitwise', mask: Uint8Array.of(SYN), xor: Uint8Array.of(0) },
  equals(Uint8Array.of(SYN)),
  { kind: 'load', data: Uint8Array.of(bytes >> 8, bytes & 0xff) },
  { kind: 'set-mss' },
]
