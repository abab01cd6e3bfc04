/**
 * Names of the fence's nf_tables objects (agent/lease/FENCE.md): the lease process makes them, the reconciler only reads them, to show
 * them to people. In each family a map from address to the group's chain, which accepts while the group's set holds its one
 * element, else counts and drops.
 */
import { MARKS } from '@lvsm/base'

export const FENCE_TABLE = MARKS.fenceTable
/** Of IPv4, and of IPv6 where a group has such addresses. */
export const FENCE_MAP = 'addresses'
export const FENCE_MAP_V6 = 'addresses6'

/** Announce: ARP and neighbour discovery both ways. Serve: IP both ways. */
export const FENCE_PARTS = ['announce', 'serve'] as const
/** A family of tables that guards one part. */
export type FenceLayer = 'arp' | 'netdev' | 'ip6' | 'inet'

/**
 * Frames of packet sockets pass the arp hooks by; on their way out only the egress hook of netdev sees them (kernel 5.16),
 * so a gratuitous frame that was under way when the process was stopped does not leave after its lease. ip6 is there
 * where a group has addresses of IPv6: its announcements are IP themselves, and close before what is served.
 */
export const FENCE_LAYERS = { announce: ['arp', 'netdev', 'ip6'], serve: ['inet'] } as const satisfies Readonly<
  Record<(typeof FENCE_PARTS)[number], readonly FenceLayer[]>
>

/** Base chains of each family; of netdev one for each interface. */
export const FENCE_HOOKS: Readonly<Record<FenceLayer, readonly string[]>> = {
  arp: ['input', 'output'],
  netdev: [],
  ip6: ['prerouting', 'postrouting'],
  inet: ['prerouting', 'postrouting', 'forward'],
}
export const egressChain = (device: string): string => `egress-${device}`

export const fenceSet = (group: string): string => `open-${group}`
const CHAIN = 'group-'
export const fenceChain = (group: string): string => `${CHAIN}${group}`
/** Null for a chain of another kind. */
export const groupOfChain = (chain: string): string | null =>
  chain.startsWith(CHAIN) ? chain.slice(CHAIN.length) : null
/** In each group's chain: accept while open, else count and drop. */
export const RULES_OF_GROUP = 2
