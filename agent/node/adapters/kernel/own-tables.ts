/** All tables of nf_tables that bear our names, those of the lease process too: for a node that leaves, whose daemons have ended. */
import { MARKS } from '@lvsm/base'
import { NETLINK, openNetlink } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'

const NAMES: ReadonlySet<string> = new Set([MARKS.fenceTable, MARKS.peersTable, MARKS.rulesTable])

/** What the kernel says when it refuses; null when none is left. */
export function removeOwnTables(): string | null {
  const socket = openNetlink(NETLINK.netfilter)
  try {
    const ours = socket.dump(nftables.dumpTables()).flatMap((message) => {
      const decoded = nftables.decodeTable(message)
      return decoded.ok && NAMES.has(decoded.value.table) ? [nftables.deleteTable(decoded.value)] : []
    })
    return ours.length === 0 ? null : (socket.apply(nftables.batch(ours))?.message ?? null)
  } finally {
    socket.close()
  }
}
