/** Links, addresses and routes, by rtnetlink. */
import { familyOf } from '@lvsm/base'
import { NETLINK, type Netlink, openNetlink } from '@lvsm/kernel'
import { AF, type Decoded, type Message, rtnetlink } from '@lvsm/netlink'
import type { AskedAnswer, MachineFacts } from '@lvsm/protocol'

const LOOPBACK = 772
const HEADERS = 40
const BITS: Readonly<Record<number, number>> = { [AF.inet]: 32, [AF.inet6]: 128 }

/** With a socket that is closed again. */
export function withNetlink<T>(protocol: number, work: (socket: Netlink) => T): T {
  const socket = openNetlink(protocol)
  try {
    return work(socket)
  } finally {
    socket.close()
  }
}
const all = <T>(socket: Netlink, request: Uint8Array, decode: (message: Message) => Decoded<T>): T[] =>
  socket.dump(request).flatMap((message) => {
    const decoded = decode(message)
    return decoded.ok ? [decoded.value] : []
  })

export const readNetwork = (): Pick<MachineFacts, 'links' | 'addresses' | 'routes' | 'localRoutes'> =>
  withNetlink(NETLINK.route, (socket) => {
    const links = all(socket, rtnetlink.dumpLinks(), rtnetlink.decodeLink)
    const nameOf = new Map(links.map(({ index, name }) => [index, name]))
    const { LINK_FLAG, ADDRESS_FLAG, TABLE, ROUTE_TYPE, PROTOCOL } = rtnetlink
    return {
      links: links.map(({ name, up, carrier, hardware, flags, kind, mtu }) => ({
        name,
        up,
        carrier,
        loopback: hardware === LOOPBACK,
        arp: (flags & (LINK_FLAG.noArp | LINK_FLAG.loopback)) === 0,
        kind,
        mtu,
      })),
      addresses: [AF.inet, AF.inet6].flatMap((family) =>
        all(socket, rtnetlink.dumpAddresses(family), rtnetlink.decodeAddress)
          .filter(({ local }) => (familyOf(local) === 'ipv6') === (family === AF.inet6))
          .map(({ index, local, prefix, label, scope, flags }) => ({
            interface: nameOf.get(index) ?? '',
            address: local,
            prefix,
            label,
            scope,
            deprecated: (flags & ADDRESS_FLAG.deprecated) !== 0,
            tentative: (flags & ADDRESS_FLAG.tentative) !== 0,
            dadFailed: (flags & ADDRESS_FLAG.dadFailed) !== 0,
          })),
      ),
      routes: [AF.inet, AF.inet6].flatMap((family) =>
        all(socket, rtnetlink.dumpRoutes({ family, table: TABLE.main }), rtnetlink.decodeRoute)
          .filter((one) => one.family === family && one.table === TABLE.main && one.type === ROUTE_TYPE.unicast)
          .map(({ destination, prefix, gateway = null, oif = 0, preferredSource = null, priority, metrics }) => ({
            destination,
            prefix,
            gateway,
            interface: nameOf.get(oif) ?? '',
            source: preferredSource,
            metric: priority,
            mss: metrics.advmss ?? (metrics.mtu === undefined ? null : metrics.mtu - HEADERS),
          })),
      ),
      localRoutes: [AF.inet, AF.inet6].flatMap((family) =>
        all(socket, rtnetlink.dumpRoutes({ family, table: TABLE.local }), rtnetlink.decodeRoute)
          .filter((one) => one.family === family && one.table === TABLE.local && one.type === ROUTE_TYPE.local)
          .filter(({ protocol, prefix }) => protocol !== PROTOCOL.kernel && prefix === BITS[family])
          .map(({ destination, oif = 0 }) => ({ interface: nameOf.get(oif) ?? '', address: destination })),
      ),
    }
  })

/** One for each that has a way. */
export const readWays = (targets: readonly string[]): MachineFacts['ways'] =>
  withNetlink(NETLINK.route, (socket) => {
    const links = all(socket, rtnetlink.dumpLinks(), rtnetlink.decodeLink)
    return targets.flatMap((to) => {
      const [reply] = socket.request([rtnetlink.getRoute({ destination: to })])
      const decoded = reply?.errno === 0 && reply.data[0] ? rtnetlink.decodeRoute(reply.data[0]) : null
      if (!decoded?.ok) return []
      const { oif, gateway = null, preferredSource = null, type } = decoded.value
      const name = links.find(({ index }) => index === oif)?.name ?? ''
      return [{ to, interface: name, gateway, source: preferredSource, local: type === rtnetlink.ROUTE_TYPE.local }]
    })
  })

/** By the rules that tell packets by protocol and port; the interface is empty where there is no way. */
export const readAnswers = (asked: readonly AskedAnswer[]): NonNullable<MachineFacts['answers']> =>
  withNetlink(NETLINK.route, (socket) => {
    const names = new Map(
      all(socket, rtnetlink.dumpLinks(), rtnetlink.decodeLink).map(({ index, name }) => [index, name]),
    )
    return asked.map((one) => {
      const { from: source, protocol: ipProtocol, port: sourcePort, to: destination } = one
      const [reply] = socket.request([rtnetlink.getRoute({ destination, source, ipProtocol, sourcePort })])
      const decoded = reply?.errno === 0 && reply.data[0] ? rtnetlink.decodeRoute(reply.data[0]) : null
      if (!decoded?.ok) return { ...one, interface: '', gateway: null }
      return { ...one, interface: names.get(decoded.value.oif ?? 0) ?? '', gateway: decoded.value.gateway ?? null }
    })
  })
