/** Rules of a planned move: packets of connections that the former owner still serves go on to it. */
import { familyOf } from '@lvsm/base'
import { KERNEL_PROTOCOLS } from '@lvsm/model'
import { inetBytes, nftables } from '@lvsm/netlink'
import type { NatRules } from '@lvsm/plan'
import { is, port, type Rule } from './rule-parts.ts'

const { match } = nftables
const SYN = 0x02
const SYN_AND_RST = 0x06
const SYN_AND_ACK = 0x12
/** Connections that began here while a move went on; longer than one lasts. */
export const BEGUN = 'begun'
const BEGUN_MS = 60_000

/** `tcp flags & MASK == FLAGS` */
const flagsAre = (mask: number, flags: number): Rule => [
  { kind: 'payload', base: 'transport', offset: 13, length: 1 },
  { kind: 'bitwise', mask: Uint8Array.of(mask), xor: Uint8Array.of(0) },
  { kind: 'cmp', op: 'eq', data: Uint8Array.of(flags) },
]

/**
 * `ip daddr V tcp dport P tcp flags & (syn | rst) == 0 counter dup to D` and the same with `drop`: neither begins a connection nor
 * ends in a reset. Where this node knows connections, before it a rule that remembers those that begin here, and they are left out.
 */
export function handoverRules({
  address,
  port: number,
  upTo,
  protocol,
  to,
  known,
}: NatRules['handover'][number]): Rule[] {
  const isIpv4 = familyOf(address) === 'ipv4'
  const flow = isIpv4 ? match.load.ipv4Flow : match.load.ipv6Flow
  const service: Rule = [
    ...is(isIpv4 ? match.load.ipv4Destination : match.load.ipv6Destination, inetBytes(address)),
    ...match.transportIs(KERNEL_PROTOCOLS[protocol].number),
    ...port(2, number, upTo),
  ]
  const begins: Rule = [...flagsAre(SYN_AND_ACK, SYN), flow, { kind: 'remember', set: BEGUN, timeoutMs: BEGUN_MS }]
  const begunElsewhere = known ? match.notInSet(flow, BEGUN) : []
  const matches: Rule = [...service, ...flagsAre(SYN_AND_RST, 0), ...begunElsewhere]
  return [
    ...(known ? [[...service, ...begins]] : []),
    [...matches, match.counter, { kind: 'load', data: inetBytes(to) }, { kind: 'dup' }],
    [...matches, match.decide(nftables.drop)],
  ]
}
