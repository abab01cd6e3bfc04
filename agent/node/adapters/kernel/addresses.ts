/** An address of an interface, as planning is told of it. */
import { familyOf, isOwnAddress, ownLabel } from '@lvsm/base'
import { rtnetlink } from '@lvsm/netlink'
import type { ObservedAddress } from '@lvsm/plan'

export const observedAddress = (address: rtnetlink.InterfaceAddress, interfaceName: string): ObservedAddress => ({
  index: address.index,
  address: address.local,
  prefix: address.prefix,
  label: labelOf(address, interfaceName),
  ...sourceOf(address),
  // Those of IPv4 keep their mark, whatever is done to them.
  ...(address.createdAt === undefined || familyOf(address.local) === 'ipv4' ? {} : { createdAt: address.createdAt }),
})

const { ADDRESS_FLAG: FLAG, SCOPE } = rtnetlink
/** Of IPv6: what leaves by the interface has none of these for its source where it has another one (RFC 6724, rules 3 and 7), or has none at all (RFC 4862); a secondary one is for a while. */
const UNSPOKEN = FLAG.deprecated | FLAG.tentative | FLAG.dadFailed | FLAG.secondary
/** What the kernel takes, or must not take, for the source of what the node says by itself. */
function sourceOf(address: rtnetlink.InterfaceAddress): { source?: false; preferred?: true } {
  const isIpv6 = familyOf(address.local) === 'ipv6'
  const isUnspoken = (address.flags & (isIpv6 ? UNSPOKEN : FLAG.secondary)) !== 0 || address.scope !== SCOPE.universe
  const isPreferred = isIpv6 && isOwnAddress(address) && (address.flags & FLAG.deprecated) === 0
  return { ...(isUnspoken ? { source: false } : {}), ...(isPreferred ? { preferred: true } : {}) }
}

/** IPv6 has no labels: what bears our mark is called as if it had. */
const labelOf = (address: rtnetlink.InterfaceAddress, interfaceName: string): string =>
  familyOf(address.local) === 'ipv4' ? address.label : isOwnAddress(address) ? ownLabel(interfaceName) : interfaceName
