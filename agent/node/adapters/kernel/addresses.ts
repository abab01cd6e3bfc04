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

/** What the kernel takes, or must not take, for the source of what the node says by itself. */
function sourceOf(address: rtnetlink.InterfaceAddress): { source?: false; preferred?: true } {
  const { ADDRESS_FLAG: flag, SCOPE } = rtnetlink
  if (familyOf(address.local) === 'ipv6')
    return isOwnAddress(address) && (address.flags & flag.deprecated) === 0 ? { preferred: true } : {}
  return (address.flags & flag.secondary) !== 0 || address.scope !== SCOPE.universe ? { source: false } : {}
}

/** IPv6 has no labels: what bears our mark is called as if it had. */
const labelOf = (address: rtnetlink.InterfaceAddress, interfaceName: string): string =>
  familyOf(address.local) === 'ipv4' ? address.label : isOwnAddress(address) ? ownLabel(interfaceName) : interfaceName
