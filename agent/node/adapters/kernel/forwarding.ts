/** Chains of others at the hook that packets pass which this node forwards. */
import { FAMILIES, namesOf } from '@lvsm/model'
import type { Netlink } from '@lvsm/kernel'
import { nftables } from '@lvsm/netlink'
import type { DroppingChain } from '@lvsm/plan'
import { remembered } from './remembered.ts'

/** There may be thousands of chains (containers). */
const EVERY_MS = 5000
/** NF_INET_FORWARD. */
const FORWARD = 2

export const openForwarding = (netfilter: Netlink, clock: () => number): (() => readonly DroppingChain[]) =>
  remembered(() => readDropping(netfilter), clock, EVERY_MS).get

/** What a chain with rules lets pass, nobody can tell from here. */
const readDropping = (netfilter: Netlink): DroppingChain[] =>
  netfilter.dump(nftables.dumpChains()).flatMap((message): DroppingChain[] => {
    const decoded = nftables.decodeChain(message)
    if (!decoded.ok) return []
    const { family, table, chain, hook, policy } = decoded.value
    const families = namesOf(FAMILIES).filter((name) => (OF[name] as readonly string[]).includes(family))
    if (hook?.number !== FORWARD || policy !== 'drop' || families.length === 0) return []
    if (netfilter.dump(nftables.dumpRules({ family, table, chain })).length > 0) return []
    return [{ families, family, table, chain }]
  })

const OF = { ipv4: ['ip', 'inet'], ipv6: ['ip6', 'inet'] } as const
