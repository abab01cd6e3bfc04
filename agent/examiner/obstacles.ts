/** What stands in the way of packets: netem, routes that lead nowhere, permanent neighbour entries, rules that drop. */
import { type Netlink, NETLINK, readDropRules as dropRulesOf } from '@lvsm/kernel'
import { AF, type Decoded, type Message, rtnetlink } from '@lvsm/netlink'
import type { MachineFacts } from '@lvsm/protocol'
import { withNetlink } from './network.ts'

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

export const readClosed = (): NonNullable<MachineFacts['closed']> =>
  withNetlink(NETLINK.route, (socket) => rtnetlink.closedRoutes(socket))
export const readWayRules = (): NonNullable<MachineFacts['wayRules']> =>
  withNetlink(NETLINK.route, (socket) => rtnetlink.wayRules(socket))

/** Those that the kernel has no way to, with what it says. */
export const readWayless = (targets: readonly string[]): NonNullable<MachineFacts['wayless']> =>
  withNetlink(NETLINK.route, (socket) =>
    rtnetlink.wayless(socket, targets).map(({ to, code }) => ({ to, code, why: WHY[code] ?? code })),
  )
/** As `ip route get` says it; whoever asks has all rights. */
const WHY: Readonly<Record<string, string>> = {
  EACCES: 'Permission denied (so the kernel says that a rule or a route prohibits it)',
  EINVAL: 'Invalid argument (so the kernel says that a rule or a route throws it away: blackhole)',
  EHOSTUNREACH: 'No route to host',
  ENETUNREACH: 'Network is unreachable',
}

export const readFixedNeighbours = (): NonNullable<MachineFacts['fixedNeighbours']> =>
  withNetlink(NETLINK.route, (socket) => {
    const names = namesOf(socket)
    return [AF.inet, AF.inet6].flatMap((family) =>
      decoded(socket, rtnetlink.dumpNeighbours(family), rtnetlink.decodeNeighbour)
        .filter(({ state }) => (state & rtnetlink.NEIGHBOUR_STATE.permanent) !== 0)
        .map(({ index, address, mac }) => ({ interface: names.get(index) ?? '', address, mac })),
    )
  })

/** Of tables that are not lvsm's own. */
export const readDropRules = (chains: MachineFacts['chains']): NonNullable<MachineFacts['dropRules']> =>
  withNetlink(NETLINK.netfilter, (socket) =>
    // The end of a filter is judged by what the node needs: its agent does that.
    dropRulesOf(socket, chains).filter(({ accepts }) => accepts === undefined),
  )
