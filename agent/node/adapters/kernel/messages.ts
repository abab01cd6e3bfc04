/** The default route and the aliases of this process, as the kernel is told of them by rtnetlink. */
import { familyOf, MARKS } from '@lvsm/base'
import { FAMILIES } from '@lvsm/model'
import { rtnetlink } from '@lvsm/netlink'
import type { Operation } from '@lvsm/plan'
import { ALIAS } from './alias.ts'

/** Destination of the default route through a gateway; null: straight onto the wire, which nobody of ours writes but for IPv4. */
const everybody = (gateway: string | null) => ({
  destination: FAMILIES[gateway === null ? 'ipv4' : familyOf(gateway)].everybody,
  prefix: 0,
})
type RouteOperation = Extract<Operation, { readonly kind: 'route-set' | 'route-remove' | 'alias-add' | 'alias-remove' }>

export function messageOf(operation: RouteOperation): Uint8Array {
  switch (operation.kind) {
    case 'route-set': {
      const { gateway, index: oif } = operation
      return rtnetlink.replaceRoute({ ...everybody(gateway), gateway, oif, protocol: MARKS.routeProtocol })
    }
    case 'route-remove': {
      const { gateway, index: oif, protocol } = operation
      const through = gateway === null ? {} : { gateway }
      return rtnetlink.deleteRoute({ ...everybody(gateway), ...through, oif, protocol })
    }
    case 'alias-add': {
      const { index, address: local, prefix, label } = operation
      const spec = { index, local, prefix, ...ALIAS[familyOf(local)](label) }
      // One of IPv6 may be there, and only have lost what keeps it from being a source.
      return familyOf(local) === 'ipv6' ? rtnetlink.replaceAddress(spec) : rtnetlink.newAddress(spec)
    }
    case 'alias-remove': {
      const { index, address: local, prefix, label } = operation
      return rtnetlink.deleteAddress({ index, local, prefix, ...(familyOf(local) === 'ipv4' ? { label } : {}) })
    }
  }
}
