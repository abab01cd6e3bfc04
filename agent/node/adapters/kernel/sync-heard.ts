/** What other directors tell of connections, as the rules count it that let it in (`nat-rules.ts`, syncRules): the kernel's daemon says nothing of what arrives. */
import { MARKS } from '@lvsm/base'
import { KernelError, type Netlink } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'

/** Address → packets. Nothing where the rules are not there. */
export function readSyncHeard(netfilter: Netlink): ReadonlyMap<string, number> {
  const place = { family: 'inet', table: MARKS.rulesTable, chain: SYNC_CHAIN } as const
  try {
    return new Map(
      netfilter.dump(nftables.dumpRules(place)).flatMap((message): [string, number][] => {
        const decoded = nftables.decodeRule(message)
        if (!decoded.ok || decoded.value.table !== place.table || decoded.value.chain !== place.chain) return []
        const { source, packets = null } = nftables.acceptedBy(decoded.value) ?? {}
        return source === undefined || packets === null ? [] : [[source, packets]]
      }),
    )
  } catch (error) {
    if (error instanceof KernelError) return new Map()
    throw error
  }
}
export const SYNC_CHAIN = 'sync'
