/** Addresses of services that this node has for itself, as the kernel is told of them. */
import { type Family, MARKS } from '@lvsm/base'
import { rtnetlink } from '@lvsm/netlink'

/**
 * How an alias is marked, and kept from being the source of what the node says by itself: by its scope, or by being deprecated
 * (RFC 6724, section 5, rule 3). That nobody else has an alias is not to be found out: others have it too.
 */
export const ALIAS: Readonly<Record<Family, (label: string) => Partial<rtnetlink.AddressSpec>>> = {
  ipv4: (label) => ({ label, scope: rtnetlink.SCOPE.host }),
  ipv6: () => ({ flags: rtnetlink.ADDRESS_FLAG.noDad, preferredSeconds: 0, protocol: MARKS.addressProtocol }),
}
