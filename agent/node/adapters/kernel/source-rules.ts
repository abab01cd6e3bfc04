/** Rules behind routing that give packets another source. */
import { familyOf } from '@lvsm/base'
import { isAll, KERNEL_PROTOCOLS } from '@lvsm/model'
import { inetBytes, nftables } from '@lvsm/netlink'
import type { NatRules } from '@lvsm/plan'
import { destinationIs, is, port, type Rule, sourceIs } from './rule-parts.ts'

const { match } = nftables

/** `snat to A`, behind a match of its family. */
const leaveAs = (address: string): Rule => [
  match.counter,
  { kind: 'load', data: inetBytes(address) },
  familyOf(address) === 'ipv6' ? { kind: 'snat', family: 'ipv6' } : { kind: 'snat' },
]

/** `ip saddr A ip daddr != N/M counter snat to V`; of IPv6 the same with `ip6`. */
export function masqueradeRule({ address, network, vip }: NatRules['masquerade'][number]): Rule {
  const six = familyOf(vip) === 'ipv6'
  const to = six ? match.load.ipv6Destination : match.load.ipv4Destination
  const inside = match.networkIs(to, network.address, network.prefix)
  const outside = inside.map((part): nftables.Expression => (part.kind === 'cmp' ? { ...part, op: 'neq' } : part))
  return [...sourceIs(address), ...outside, ...leaveAs(vip)]
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
