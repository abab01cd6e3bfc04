/** Chains of nf_tables: whose they are, where they hook in, and what they do with what they do not name. */
import { NETLINK } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'
import type { MachineFacts } from '@lvsm/protocol'
import { withNetlink } from './network.ts'

export const readChains = (): MachineFacts['chains'] =>
  withNetlink(NETLINK.netfilter, (socket) =>
    socket.dump(nftables.dumpChains()).flatMap((message) => {
      const decoded = nftables.decodeChain(message)
      if (!decoded.ok) return []
      const { family, table, chain, hook, policy } = decoded.value
      return [{ family, table, chain, hook: hook?.number ?? null, policy: policy ?? '' }]
    }),
  )
