/** Tunnel devices of ours, by rtnetlink. */
import { MARKS } from '@lvsm/base'
import { TUNNELS } from '@lvsm/model'
import type { Operation } from '@lvsm/plan'
import type { Netlink } from '@lvsm/kernel'
import { rtnetlink } from '@lvsm/netlink'

type TunnelOperation = Extract<Operation, { readonly kind: 'tunnel-add' | 'tunnel-up' | 'tunnel-remove' }>

/** What the kernel says when it refuses; null when it is done. */
export function carryOutTunnel(operation: TunnelOperation, route: Netlink): string | null {
  if (operation.kind !== 'tunnel-add') {
    const { kind, index } = operation
    const message = kind === 'tunnel-up' ? rtnetlink.setLink(index, true) : rtnetlink.deleteLink(index)
    return route.apply([message])?.message ?? null
  }
  const { name, device, remote } = operation
  const fault = route.apply([rtnetlink.newTunnel(name, { kind: device, local: null, remote })])
  if (fault) {
    const { module } = Object.values(TUNNELS).find((row) => row.device === device) ?? TUNNELS.ipip
    return fault.code === 'EOPNOTSUPP' ? `${fault.message} (is the module ${module} there?)` : fault.message
  }
  const unmarked = route.apply([rtnetlink.markLink(name, MARKS.deviceNote)])
  if (!unmarked) return null
  // Without our note it would be somebody else's for ever.
  const [made] = route.request([rtnetlink.getLink(name)])
  const link = made?.data[0] ? rtnetlink.decodeLink(made.data[0]) : null
  if (link?.ok) route.apply([rtnetlink.deleteLink(link.value.index)])
  return unmarked.message
}
