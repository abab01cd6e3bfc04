/** Rules of others' packet filters that drop, refuse or send elsewhere, as the kernel has them in nf_tables. */
import type { AcceptedBefore, DropRule } from '@lvsm/base'
import { type Decoded, type Message, nftables } from '@lvsm/netlink'
import type { Netlink } from './netlink.ts'

/** Of a family; a machine with containers has thousands of rules in all. */
const MOST_RULES = 20_000
/** Sets that are read; and one that has more elements than a person writes down is a list of strangers. */
const MOST_SETS = 200
/** A range has two. */
const MOST_ELEMENTS = 600

const decoded = <T>(
  socket: Pick<Netlink, 'dump'>,
  request: Uint8Array,
  decode: (message: Message) => Decoded<T>,
  most = Number.POSITIVE_INFINITY,
): T[] =>
  socket
    .dump(request)
    .slice(0, most)
    .flatMap((message) => {
      const found = decode(message)
      return found.ok ? [found.value] : []
    })

interface Hooked {
  readonly family: string
  readonly table: string
  readonly chain: string
  readonly hook: number | null
  readonly priority?: number
  /** It drops what comes to its end. */
  readonly drops?: boolean
  /** It sees what comes in by this interface alone. */
  readonly by?: string
}
/** NF_INET_LOCAL_IN; IPVS takes what comes for its services there at NF_IP_PRI_NAT_SRC - 1. */
const INPUT = 1
const IPVS_PRIORITY = 99

/** Of these chains, in tables that are not lvsm's own. */
export function readDropRules(socket: Netlink, chains: readonly Hooked[]): DropRule[] {
  const after = new Set(
    chains.flatMap(({ family, table, chain, hook, priority }) =>
      hook === INPUT && priority !== undefined && priority > IPVS_PRIORITY ? [`${family} ${table} ${chain}`] : [],
    ),
  )
  const bys = new Map(chains.map(({ family, table, chain, by }) => [`${family} ${table} ${chain}`, by]))
  const hooks = new Map(chains.map(({ family, table, chain, hook }) => [`${family} ${table} ${chain}`, hook]))
  const families = [...new Set(chains.map(({ family }) => family))] as nftables.Family[]
  const sets = new Map<string, readonly nftables.ListedElement[] | null>()
  const elementsOf = (name: nftables.SetName): readonly nftables.ListedElement[] | null => {
    const key = `${name.family} ${name.table} ${name.set}`
    const known = sets.get(key)
    if (known !== undefined || sets.size >= MOST_SETS) return known ?? null
    const found = readElements(socket, name)
    sets.set(key, found)
    return found
  }
  return families.flatMap((family) => {
    const all = decoded(socket, nftables.dumpRules({ family }), nftables.decodeRule, MOST_RULES)
    const rules = all.filter(({ table, chain }) => !isOwn(table) && hooks.has(`${family} ${table} ${chain}`))
    const hookOf = (table: string, chain: string): number | null => hooks.get(`${family} ${table} ${chain}`) ?? null
    const dropping = chains.filter((chain) => chain.family === family && chain.drops === true)
    const { drops, ends } = nftables.dropsIn({ rules, hookOf, elementsOf, dropping })
    const seenBy = (table: string, chain: string): Pick<DropRule, 'afterIpvs' | 'by'> => {
      const by = bys.get(`${family} ${table} ${chain}`)
      const isAfter = after.has(`${family} ${table} ${chain}`)
      return { ...(isAfter ? { afterIpvs: true } : {}), ...(by === undefined ? {} : { by }) }
    }
    return [
      ...drops.map(({ rule, behind, lets, ...drop }) => ({
        ...{ family, table: rule.table, chain: rule.chain, handle: rule.handle, ...drop },
        ...(behind ? { behind } : {}),
        ...(lets ? { lets: lets.map(uncounted) } : {}),
        ...seenBy(rule.table, drop.from ?? rule.chain),
        ...does(rule),
      })),
      ...ends.map((end) => ({ family, ...endOf(end), ...seenBy(end.table, end.from ?? end.chain) })),
    ]
  })
}
function does(rule: nftables.Rule): Pick<DropRule, 'refuses' | 'takes' | 'to'> {
  const to = nftables.targetOf(rule)
  return {
    ...(rule.expressions.some(nftables.isRefusal) ? { refuses: true } : {}),
    ...(rule.expressions.some(nftables.isRedirect) ? { takes: true } : {}),
    ...(to ? { to } : {}),
  }
}
/** Without what is counted: the same is told in the same words. */
function uncounted(one: nftables.Accepted): AcceptedBefore {
  const { packets: _, ...accepted } = one
  return accepted
}
/** It is behind what lets in, for whoever does not look at that. */
const endOf = ({ rule, said, accepts, ...place }: nftables.End): Omit<DropRule, 'family'> => ({
  ...{ ...place, ...said, packets: null, behind: true },
  accepts: accepts.map(uncounted),
  ...(rule ? { handle: rule.handle, ...does(rule) } : { handle: 0, policy: true as const }),
})
const isOwn = (table: string): boolean => table.startsWith('lvsm')

/** Of the families whose chains see packets of IP on this machine. */
const SEEN: ReadonlySet<string> = new Set(['ip', 'ip6', 'inet', 'netdev'])
/** NF_INET_PRE_ROUTING: what comes in by an interface is seen there next, and asked for the same. NF_INET_INGRESS: as of the family netdev. */
const PREROUTING = 0
const INGRESS: Readonly<Record<string, number>> = { inet: 5, netdev: 0 }
/** At a device: of what comes in by it; what leaves, and several devices, are read by nobody. */
function hookedAt(family: string, hook: nftables.Hook | undefined): Pick<Hooked, 'hook' | 'by'> {
  if (!hook) return { hook: null }
  if (hook.number !== INGRESS[family]) return { hook: family === 'netdev' ? null : hook.number }
  return hook.device === undefined ? { hook: null } : { hook: PREROUTING, by: hook.device }
}
/** Of all tables that work now; where there are none but lvsm's own, nothing more is asked of the kernel. */
export function readStandingDropRules(socket: Netlink): DropRule[] {
  const tables = decoded(socket, nftables.dumpTables(), nftables.decodeTable).filter(
    ({ family, table, dormant }) => SEEN.has(family) && !isOwn(table) && dormant !== true,
  )
  if (tables.length === 0) return []
  const working = new Set(tables.map(({ family, table }) => `${family} ${table}`))
  const chains = decoded(socket, nftables.dumpChains(), nftables.decodeChain).filter(({ family, table }) =>
    working.has(`${family} ${table}`),
  )
  return readDropRules(
    socket,
    chains.map(({ family, table, chain, hook, policy }) => ({
      family,
      table,
      chain,
      ...hookedAt(family, hook),
      ...(hook ? { priority: hook.priority } : {}),
      ...(policy === 'drop' ? { drops: true } : {}),
    })),
  )
}

/** Null: it went meanwhile, or has more than anybody names. */
export function readElements(
  socket: Pick<Netlink, 'dump'>,
  name: nftables.SetName,
): readonly nftables.ListedElement[] | null {
  try {
    const all: nftables.ListedElement[] = []
    for (const message of socket.dump(nftables.dumpElements(name))) {
      const list = nftables.decodeElements(message)
      if (list.ok) all.push(...list.value.elements)
      if (all.length > MOST_ELEMENTS) return null
    }
    return nftables.singleElements(all)
  } catch {
    return null
  }
}
