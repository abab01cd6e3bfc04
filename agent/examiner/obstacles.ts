/** What stands in the way of packets: netem, routes that lead nowhere, permanent neighbour entries, rules that drop. */
import { type Netlink, NETLINK } from '@lvsm/kernel'
import { AF, type Decoded, type Message, nftables, rtnetlink } from '@lvsm/netlink'
import type { MachineFacts } from '@lvsm/protocol'
import { withNetlink } from './network.ts'

/** Of a chain; a machine with containers has thousands of rules in all. */
const MOST_RULES = 20_000

const decoded = <T>(socket: Netlink, request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] =>
  socket.dump(request).flatMap((message) => {
    const found = decode(message)
    return found.ok ? [found.value] : []
  })
const namesOf = (socket: Netlink): ReadonlyMap<number, string> =>
  new Map(decoded(socket, rtnetlink.dumpLinks(), rtnetlink.decodeLink).map(({ index, name }) => [index, name]))

export const readNetem = (): NonNullable<MachineFacts['netem']> =>
  withNetlink(NETLINK.route, (socket) => {
    const names = namesOf(socket)
    return decoded(socket, rtnetlink.dumpQdiscs(), rtnetlink.decodeQdisc).flatMap(({ index, netem }) =>
      netem === null ? [] : [{ interface: names.get(index) ?? '', ...netem }],
    )
  })

const CLOSED: Readonly<Record<number, 'blackhole' | 'unreachable' | 'prohibit'>> = {
  [rtnetlink.ROUTE_TYPE.blackhole]: 'blackhole',
  [rtnetlink.ROUTE_TYPE.unreachable]: 'unreachable',
  [rtnetlink.ROUTE_TYPE.prohibit]: 'prohibit',
}
export const readClosed = (): NonNullable<MachineFacts['closed']> =>
  withNetlink(NETLINK.route, (socket) =>
    [AF.inet, AF.inet6].flatMap((family) =>
      decoded(socket, rtnetlink.dumpRoutes({ family }), rtnetlink.decodeRoute).flatMap((route) => {
        const type = CLOSED[route.type]
        if (type === undefined || route.family !== family) return []
        return [{ destination: route.destination, prefix: route.prefix, type, table: route.table }]
      }),
    ),
  )

export const readFixedNeighbours = (): NonNullable<MachineFacts['fixedNeighbours']> =>
  withNetlink(NETLINK.route, (socket) => {
    const names = namesOf(socket)
    return [AF.inet, AF.inet6].flatMap((family) =>
      decoded(socket, rtnetlink.dumpNeighbours(family), rtnetlink.decodeNeighbour)
        .filter(({ state }) => (state & rtnetlink.NEIGHBOUR_STATE.permanent) !== 0)
        .map(({ index, address, mac }) => ({ interface: names.get(index) ?? '', address, mac })),
    )
  })

/** Sets that are read; and one that has more elements than a person writes down is a list of strangers. */
const MOST_SETS = 200

/** Of tables that are not lvsm's own. */
export const readDropRules = (chains: MachineFacts['chains']): NonNullable<MachineFacts['dropRules']> =>
  withNetlink(NETLINK.netfilter, (socket) => {
    const hooks = new Map(chains.map(({ family, table, chain, hook }) => [`${family} ${table} ${chain}`, hook]))
    const families = [...new Set(chains.map(({ family }) => family))] as nftables.Family[]
    const sets = new Map<string, readonly nftables.Element[] | null>()
    const elementsOf = (name: nftables.SetName): readonly nftables.Element[] | null => {
      const key = `${name.family} ${name.table} ${name.set}`
      const known = sets.get(key)
      if (known !== undefined || sets.size >= MOST_SETS) return known ?? null
      const found = readElements(socket, name)
      sets.set(key, found)
      return found
    }
    return families.flatMap((family) => {
      const all = decoded(socket, nftables.dumpRules({ family }), nftables.decodeRule).slice(0, MOST_RULES)
      const rules = all.filter(({ table }) => !table.startsWith('lvsm'))
      const hookOf = (table: string, chain: string): number | null => hooks.get(`${family} ${table} ${chain}`) ?? null
      return nftables.dropsIn({ rules, hookOf, elementsOf }).map(({ rule, behind, ...drop }) => ({
        ...{ family, table: rule.table, chain: rule.chain, handle: rule.handle, ...drop },
        ...(behind ? { behind } : {}),
      }))
    })
  })
/** Null: it went meanwhile. */
function readElements(socket: Netlink, name: nftables.SetName): readonly nftables.Element[] | null {
  try {
    const lists = decoded(socket, nftables.dumpElements(name), nftables.decodeElements)
    return nftables.singleElements(lists.flatMap(({ elements }) => elements))
  } catch {
    return null
  }
}
