/** Realservers of a virtual service: what forwarding can and cannot do with them. */
import { familyOf } from '@lvsm/base'
import { inNetwork, refuseHostAddress } from '../address.ts'
import { LAST_PORT } from '../answers.ts'
import type { Draft } from '../schema.ts'
import {
  DEFAULT_TUNNEL,
  FAMILIES,
  FORWARDING,
  type Forward,
  type ForwardingRow,
  forwarding,
  ROUTES,
  TUNNELS,
} from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import type { Floating } from './addresses.ts'
import { checkLink, type Places } from './on-link.ts'
import { checkDirector, checkSources } from './directors.ts'
import { everyServer, type Served, type Service } from './pools.ts'
import { isUnread, type Refuse, type Rule } from './rule.ts'

export type Group = NonNullable<NonNullable<Draft['groups']>[number]>

export function checkRealserver(server: Served, service: Service, refuse: Refuse): void {
  const { address, forward } = server.item
  const bad = address === undefined ? null : refuseHostAddress(address)
  if (bad)
    refuse(
      'bad-address',
      server.place('address'),
      `"${address}" ${bad}`,
      'give the address that the realserver has for itself',
    )
  if (forward !== undefined) checkMethod(server, forward, service, refuse)
  checkTunnelPort(server, refuse)
}

function checkMethod(server: Served, method: Forward, service: Service, refuse: Refuse): void {
  const { title, keepsPort, needsGateway, tunnels } = forwarding(method)
  const { port, gateway, route, tunnel } = server.item
  if (keepsPort && port !== undefined && service.port !== undefined && port !== service.port) {
    const others = methodsThat((row) => !row.keepsPort)
    const whose = server.pool === null ? 'the service' : `service "${service.name}"`
    refuse(
      'port-change',
      server.place('port'),
      `${title} cannot change the port: ${whose} has ${service.port}, the realserver ${port}`,
      `let the realserver listen on ${service.port}, or use forward: ${others}`,
    )
  }
  if (!needsGateway && gateway !== undefined)
    refuse(
      `gateway-under-${method}`,
      server.place('gateway'),
      forwarding(method).hidesClients
        ? `a realserver under ${title} answers the director itself and needs no gateway`
        : `a realserver under ${title} answers by itself and needs no gateway`,
      `remove it, or use forward: ${methodsThat((row) => row.needsGateway)}`,
    )
  if (!needsGateway && route !== undefined)
    refuse(
      `route-under-${method}`,
      server.place('route'),
      `answers of a realserver under ${title} pass no gateway, so there is no route to it to choose`,
      `remove it, or use forward: ${methodsThat((row) => row.needsGateway)}`,
    )
  if (route !== undefined && !ROUTES[route].ofNode && (port ?? service.port) === LAST_PORT)
    refuse(
      'no-rule-for-port',
      server.place('route'),
      `no rule of the kernel tells answers from port ${LAST_PORT}`,
      'let the realserver listen on another port, or take route: default',
    )
  if (!tunnels && tunnel !== undefined)
    refuse(
      `tunnel-under-${method}`,
      server.place('tunnel'),
      `packets for a realserver under ${title} are wrapped in nothing`,
      `remove it, or use forward: ${methodsThat((row) => row.tunnels)}`,
    )
}

/** Of one that says in what packets for it are wrapped. */
function checkTunnelPort(server: Served, refuse: Refuse): void {
  const { forward, tunnel = DEFAULT_TUNNEL, 'tunnel-port': port } = server.item
  if (port === undefined || isUnread(server.item, 'tunnel') || TUNNELS[tunnel].port !== null) return
  const others = namesOf(TUNNELS).filter((name) => TUNNELS[name].port !== null)
  refuse(
    'no-tunnel-port',
    server.place('tunnel-port'),
    `${forward !== undefined && forwarding(forward).tunnels ? TUNNELS[tunnel].title : 'its forwarding method'} has no port of its own`,
    `remove it, or use tunnel: ${others.join(' or ')}`,
  )
}

const methodsThat = (has: (row: ForwardingRow) => boolean): string =>
  namesOf(FORWARDING)
    .filter((name) => has(forwarding(name)) && !forwarding(name).onDirector)
    .join(' or ')

/** The address of a realserver must not be one that another node has. */
export function checkOwner({ item, place }: Served, { ownerOf, nodes }: Places, refuse: Refuse): void {
  // Of a name that is not known another rule tells.
  if (item.address === undefined || (item.agent !== false && !nodes.has(item.node))) return
  const other = ownerOf(item.address)
  if (other === undefined || other === item.node) return
  refuse(
    'address-of-other-node',
    place('address'),
    `${item.address} is an address of node "${other}", not of "${item.node}"`,
    'give the address of the realserver itself',
  )
}

/** Where a realserver stands: the group of its service, with the floating addresses that could be read. */
export interface Site {
  readonly draft: Draft
  readonly group: Group
  readonly own: readonly Floating[]
  readonly server: Served
  readonly places: Places
}

export function checkForwarding(site: Site, refuse: Refuse): void {
  const { forward } = site.server.item
  if (forward === undefined) return
  const row = forwarding(forward)
  checkDirector(row, site, refuse)
  if (row.needsGateway) checkGateway(row, site, refuse)
  if (row.tunnels || row.hidesClients)
    checkSources(
      row,
      site,
      methodsThat((other) => !other.tunnels && !other.hidesClients),
      refuse,
    )
  if (row.onLink)
    checkLink(
      row.title,
      site,
      methodsThat((other) => !other.onLink),
      refuse,
    )
}

function checkGateway({ title }: ForwardingRow, { group, own, server }: Site, refuse: Refuse): void {
  const all = own.filter((entry) => entry.kind === 'gateway')
  // Of gateways that could not be read it is not known which one was meant.
  if (isUnread(group, 'gateways') || all.length < (group.gateways?.length ?? 0)) return
  const family = familyOf(server.item.address ?? all[0]?.address ?? '')
  const gateways = all.filter((entry) => familyOf(entry.address) === family)
  if (gateways.length === 0) {
    refuse(
      'nat-without-gateway',
      server.here('forward'),
      `group "${group.name}" has no ${title} gateway${all.length > 0 ? ` of ${FAMILIES[family].title}` : ''}, so answers would not come back through the director`,
      'add gateways: [ADDRESS/PREFIX] to the group, on the realserver’s network',
    )
    return
  }
  const { gateway: named, address } = server.item
  if (isUnread(server.item, 'gateway')) return
  const [only, ...others] = gateways
  const chosen =
    named === undefined ? (others.length === 0 ? only : undefined) : gateways.find((entry) => entry.address === named)
  const known = gateways.map((entry) => entry.address).join(', ')
  if (chosen === undefined && named !== undefined)
    refuse(
      'unknown-gateway',
      server.here('gateway'),
      `${named} is no gateway of group "${group.name}"`,
      `its gateways: ${known}`,
    )
  else if (chosen === undefined)
    refuse(
      'unknown-gateway',
      server.here(),
      `group "${group.name}" has several gateways`,
      `name one with gateway: ${known}`,
    )
  else if (address !== undefined && !inNetwork(address, chosen))
    refuse(
      'not-on-gateway-network',
      server.here('address'),
      `${address} is not in the network of gateway ${chosen.address}/${chosen.prefix}`,
      'a default route needs a gateway on a network of its own',
    )
}

/** An address is one machine's, whatever the service. */
export const realserverAddresses: Rule = (draft, refuse) => {
  const nodes = new Map<string, string>()
  for (const { item, place, where } of everyServer(draft)) {
    if (item.address === undefined || item.node === undefined) continue
    const before = nodes.get(item.address)
    if (before === undefined) nodes.set(item.address, item.node)
    else if (before !== item.node)
      refuse(
        'address-of-other-node',
        place('address'),
        `${item.address} is the realserver address of "${before}" in another ${where.split(' ')[0]}, and here of "${item.node}"`,
        'give the address of the realserver itself',
      )
  }
}
