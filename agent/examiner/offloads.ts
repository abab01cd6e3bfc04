/** What interfaces do for the kernel, by generic netlink. */
import { NETLINK } from '@lvsm/kernel'
import { decodeOffloads, ETHTOOL_FAMILY, getOffloads, ipvs } from '@lvsm/netlink'
import type { MachineFacts } from '@lvsm/protocol'
import { withNetlink } from './network.ts'

/** Of each that tells; none where the kernel is older than that (5.7). */
export const readOffloads = (names: readonly string[]): MachineFacts['offloads'] =>
  withNetlink(NETLINK.generic, (socket) => {
    const [reply] = socket.request([ipvs.getFamily(ETHTOOL_FAMILY)])
    const family = reply?.errno === 0 && reply.data[0] ? ipvs.decodeFamily(reply.data[0]) : null
    if (!family?.ok) return {}
    const told = names.flatMap((name) => {
      const [answer] = socket.request([getOffloads(family.value, name)])
      const decoded = answer?.errno === 0 && answer.data[0] ? decodeOffloads(answer.data[0]) : null
      return decoded?.ok ? [[name, decoded.value] as const] : []
    })
    return Object.fromEntries(told)
  })
