/** What VIPs of a realserver stand on beside lo and tunnels: a dummy device of ours, and routes of the table of what is local. */
import { familyOf, isOwnLabel, MARKS } from '@lvsm/base'
import { FAMILIES, hostPrefix, namesOf } from '@lvsm/model'
import type { Observed, Operation } from '@lvsm/plan'
import type { Netlink } from '@lvsm/kernel'
import { AF_OF, rtnetlink } from '@lvsm/netlink'

type LocalRoutes = NonNullable<Observed['localRoutes']>
type PlaceOperation = Extract<Operation, { readonly kind: `dummy-${string}` | `local-route-${string}` }>

/** Behind the kernel's own, which has 0: it stands beside the one of an address that somebody has there already. */
const METRIC = 76
const { local: TABLE } = rtnetlink.TABLE

/** Those that bear our mark. */
export const readLocalRoutes = (route: Netlink): LocalRoutes =>
  namesOf(FAMILIES).flatMap((family) =>
    route
      .dump(rtnetlink.dumpRoutes({ family: AF_OF[family], table: TABLE, protocol: MARKS.routeProtocol }))
      .flatMap((message) => {
        const decoded = rtnetlink.decodeRoute(message)
        if (!decoded.ok || decoded.value.family !== AF_OF[family] || !isOwnLocalRoute(decoded.value)) return []
        return [{ address: decoded.value.destination, index: decoded.value.oif ?? 0 }]
      }),
  )

/**
 * Of aliases of ours on devices that are up: whether the kernel takes what comes for them. It makes a route of the table `local` with each address,
 * and none again where somebody takes that away.
 */
export function withDelivery(
  { links, addresses }: Pick<Observed, 'links' | 'addresses'>,
  route: Netlink,
): Observed['addresses'] {
  const places = new Set(
    links.filter(({ loopback, note, up }) => up && (loopback || note === MARKS.deviceNote)).map(({ index }) => index),
  )
  const isAlias = ({ index, label }: Observed['addresses'][number]): boolean => places.has(index) && isOwnLabel(label)
  if (!addresses.some(isAlias)) return addresses
  const delivered = readDelivered(route)
  return addresses.map((one) =>
    isAlias(one) && !delivered.has(one.address) ? { ...one, undelivered: true as const } : one,
  )
}
/** Addresses to which the kernel itself made such a route. */
const readDelivered = (route: Netlink): ReadonlySet<string> => {
  const { kernel: protocol } = rtnetlink.PROTOCOL
  const { local: type } = rtnetlink.ROUTE_TYPE
  const messages = namesOf(FAMILIES).flatMap((family) =>
    route.dump(rtnetlink.dumpRoutes({ family: AF_OF[family], table: TABLE, protocol, type })),
  )
  return new Set(
    messages.flatMap((message) => {
      const decoded = rtnetlink.decodeRoute(message)
      if (!decoded.ok || decoded.value.table !== TABLE || decoded.value.type !== type) return []
      return [decoded.value.destination]
    }),
  )
}

export const isOwnLocalRoute = ({ table, type, protocol, destination, prefix }: rtnetlink.Route): boolean =>
  table === TABLE &&
  type === rtnetlink.ROUTE_TYPE.local &&
  protocol === MARKS.routeProtocol &&
  prefix === hostPrefix(destination)

/** What the kernel says when it refuses; null when it is done. */
export function carryOutPlace(operation: PlaceOperation, route: Netlink): string | null {
  const said = (...requests: Uint8Array[]): string | null => route.apply(requests)?.message ?? null
  switch (operation.kind) {
    case 'dummy-add':
      return addDummy(operation.name, route)
    case 'dummy-up':
      return said(rtnetlink.setLink(operation.index, true))
    case 'dummy-remove':
      return said(rtnetlink.deleteLink(operation.index))
    case 'local-route-add':
      return said(rtnetlink.newRoute(localRoute(operation)))
    case 'local-route-remove':
      return said(rtnetlink.deleteRoute(localRoute(operation)))
  }
}

const localRoute = ({ address, index }: { readonly address: string; readonly index: number }): rtnetlink.NewRoute => ({
  destination: address,
  prefix: hostPrefix(address),
  oif: index,
  table: TABLE,
  type: rtnetlink.ROUTE_TYPE.local,
  scope: familyOf(address) === 'ipv4' ? rtnetlink.SCOPE.host : rtnetlink.SCOPE.universe,
  protocol: MARKS.routeProtocol,
  priority: METRIC,
})

/** Without our note it would be somebody else's for ever, so it goes again then. It makes no address of IPv6 for itself. */
function addDummy(name: string, route: Netlink): string | null {
  const fault = route.apply([rtnetlink.newLink(name, 'dummy')])
  if (fault) return fault.code === 'EOPNOTSUPP' ? `${fault.message} (is the module dummy there?)` : fault.message
  const [made] = route.request([rtnetlink.getLink(name)])
  const link = made?.data[0] ? rtnetlink.decodeLink(made.data[0]) : null
  if (!link?.ok) return `${name} was made, and is not there`
  const { index } = link.value
  // A kernel without IPv6 knows no such setting, and makes none.
  route.apply([rtnetlink.quietLink(index)])
  const refused = route.apply([rtnetlink.markLink(name, MARKS.deviceNote)])?.message ?? null
  if (refused !== null) route.apply([rtnetlink.deleteLink(index)])
  return refused
}
