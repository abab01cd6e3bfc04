/** Tunnel devices of ours, by rtnetlink. */
import { familyOf, MARKS } from '@lvsm/base'
import { type TunnelOver, TUNNELS } from '@lvsm/model'
import type { Operation } from '@lvsm/plan'
import type { Netlink } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'

type TunnelOperation = Extract<Operation, { readonly kind: 'tunnel-add' | 'tunnel-up' | 'tunnel-remove' }>
type Added = Extract<TunnelOperation, { readonly kind: 'tunnel-add' }>

/** What the kernel says when it refuses; null when it is done. */
export function carryOutTunnel(operation: TunnelOperation, route: Netlink): string | null {
  switch (operation.kind) {
    case 'tunnel-add':
      return add(operation, route)
    case 'tunnel-up':
      return (
        route.apply([rtnetlink.setLink(operation.index, true)])?.message ??
        (operation.bare === true ? null : address(operation.index, route))
      )
    case 'tunnel-remove':
      return route.apply([rtnetlink.deleteLink(operation.index)])?.message ?? null
  }
}

/** Without our note, and half made, it would be somebody else's for ever: then it goes again. */
function add({ name, device, remote }: Added, route: Netlink): string | null {
  const fault = route.apply([rtnetlink.newTunnel(name, { kind: device, local: null, remote })])
  if (fault) {
    return fault.code === 'EOPNOTSUPP' ? `${fault.message} (is the module ${moduleOf(device)} there?)` : fault.message
  }
  const [made] = route.request([rtnetlink.getLink(name)])
  const link = made?.data[0] ? rtnetlink.decodeLink(made.data[0]) : null
  if (!link?.ok) return `${name} was made, and is not there`
  const { index } = link.value
  const bare = familyOf(remote) === 'ipv6'
  const marked = rtnetlink.markLink(name, MARKS.deviceNote)
  const refused =
    route.apply(bare ? [rtnetlink.quietLink(index), marked] : [marked])?.message ??
    (bare ? null : address(index, route))
  if (refused !== null) route.apply([rtnetlink.deleteLink(index)])
  return refused
}

const moduleOf = (device: Added['device']): string | undefined =>
  Object.values(TUNNELS)
    .flatMap(({ over }): TunnelOver[] => Object.values(over))
    .find((row) => row.device === device)?.module

/** The one that a loose rp_filter asks for: for the node itself alone. */
function address(index: number, route: Netlink): string | null {
  const own = { index, local: MARKS.deviceAddress, prefix: 32, scope: rtnetlink.SCOPE.host }
  const fault = route.apply([rtnetlink.newAddress(own)])
  return !fault || fault.code === 'EEXIST' ? null : fault.message
}
