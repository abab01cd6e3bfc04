/** Realservers of a virtual service: what forwarding can and cannot do with them. */
import { inNetwork, parseCidr, refuseHostAddress } from '../address.ts'
import type { Path } from '../document.ts'
import type { Draft } from '../schema.ts'
import { FORWARDING, type Forward, type ForwardingRow, forwarding } from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import type { Floating } from './addresses.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

export type Service = NonNullable<NonNullable<Draft['services']>[number]>
type Realserver = NonNullable<NonNullable<Service['realservers']>[number]>
export type Group = NonNullable<NonNullable<Draft['groups']>[number]>

export function checkRealserver(realserver: Realserver, service: Service, path: Path, refuse: Refuse): void {
  const bad = realserver.address === undefined ? null : refuseHostAddress(realserver.address)
  if (bad)
    refuse(
      'bad-address',
      [...path, 'address'],
      `"${realserver.address}" ${bad}`,
      'give the address that the realserver has for itself',
    )
  if (realserver.forward !== undefined) checkMethod(realserver, realserver.forward, service, path, refuse)
}

function checkMethod(realserver: Realserver, method: Forward, service: Service, path: Path, refuse: Refuse): void {
  const { title, keepsPort, needsGateway } = forwarding(method)
  const { port, gateway } = realserver
  if (keepsPort && port !== undefined && service.port !== undefined && port !== service.port) {
    const others = methodsThat((row) => !row.keepsPort)
    refuse(
      'port-change',
      [...path, 'port'],
      `${title} cannot change the port: the service has ${service.port}, the realserver ${port}`,
      `let the realserver listen on ${service.port}, or use forward: ${others}`,
    )
  }
  if (!needsGateway && gateway !== undefined)
    refuse(
      `gateway-under-${method}`,
      [...path, 'gateway'],
      `a realserver under ${title} answers by itself and needs no gateway`,
      `remove it, or use forward: ${methodsThat((row) => row.needsGateway)}`,
    )
}

const methodsThat = (has: (row: ForwardingRow) => boolean): string =>
  namesOf(FORWARDING)
    .filter((name) => has(forwarding(name)))
    .join(' or ')

/** The address of a realserver must not be one that another node has. */
export function checkOwner(draft: Draft, realserver: Realserver, path: Path, refuse: Refuse): void {
  if (!entries(draft.nodes).some(({ item }) => item.name === realserver.node)) return
  const other = entries(draft.nodes).find(({ item }) =>
    item.links?.some((link) => link?.address === realserver.address),
  )?.item
  if (realserver.address === undefined || other === undefined || other.name === realserver.node) return
  refuse(
    'address-of-other-node',
    [...path, 'address'],
    `${realserver.address} is an address of node "${other.name}", not of "${realserver.node}"`,
    'give the address of the realserver itself',
  )
}

/** Where a realserver stands: the group of its service, with the floating addresses that could be read. */
export interface Site {
  readonly draft: Draft
  readonly group: Group
  readonly own: readonly Floating[]
  readonly path: Path
}

export function checkForwarding(realserver: Realserver, site: Site, refuse: Refuse): void {
  if (realserver.forward === undefined) return
  const row = forwarding(realserver.forward)
  checkDirector(realserver, row, site, refuse)
  if (row.needsGateway) checkGateway(realserver, row, site, refuse)
}

/** A director may be a realserver of others. */
function checkDirector({ node }: Realserver, row: ForwardingRow, { draft, group, path }: Site, refuse: Refuse): void {
  if (node === undefined || !group.directors?.includes(node)) return
  // Whoever has not the role is no director of the group either, which has been said.
  if (!entries(draft.nodes).some(({ item }) => item.name === node && item.roles?.includes('director'))) return
  const why =
    row.aliasOn !== null
      ? 'as a standby it must stay silent for the address that it would answer for as a realserver'
      : 'as its owner it would be the gateway of its own default route, and as a standby lose its way to the clients'
  if (row.aliasOn === null && !row.needsGateway) return
  refuse(
    'director-is-realserver',
    [...path, 'node'],
    `"${node}" is a director of group "${group.name}": ${why}`,
    'use a realserver that is no director of the group',
  )
}

function checkGateway(
  realserver: Realserver,
  { title }: ForwardingRow,
  { group, own, path }: Site,
  refuse: Refuse,
): void {
  const gateways = own.filter((entry) => entry.kind === 'gateway')
  // Of gateways that could not be read it is not known which one was meant.
  if (isUnread(group, 'gateways') || gateways.length < (group.gateways?.length ?? 0)) return
  if (gateways.length === 0) {
    refuse(
      'nat-without-gateway',
      [...path, 'forward'],
      `group "${group.name}" has no ${title} gateway, so answers would not come back through the director`,
      'add gateways: [ADDRESS/PREFIX] to the group, on the realserver’s network',
    )
    return
  }
  const named = realserver.gateway
  if (isUnread(realserver, 'gateway')) return
  const [only, ...others] = gateways
  const chosen =
    named === undefined ? (others.length === 0 ? only : undefined) : gateways.find(({ address }) => address === named)
  const known = gateways.map((entry) => entry.address).join(', ')
  if (chosen === undefined && named !== undefined)
    refuse(
      'unknown-gateway',
      [...path, 'gateway'],
      `${named} is no gateway of group "${group.name}"`,
      `its gateways: ${known}`,
    )
  else if (chosen === undefined)
    refuse('unknown-gateway', path, `group "${group.name}" has several gateways`, `name one with gateway: ${known}`)
  else if (realserver.address !== undefined && !inNetwork(realserver.address, chosen))
    refuse(
      'not-on-gateway-network',
      [...path, 'address'],
      `${realserver.address} is not in the network of gateway ${chosen.address}/${chosen.prefix}`,
      'a default route needs a gateway on a network of its own',
    )
}

/** An address is one machine's, whatever the service. */
export const realserverAddresses: Rule = (draft, refuse) => {
  const nodes = new Map<string, string>()
  for (const { at, item: service } of entries(draft.services))
    for (const { at: nth, item } of entries(service.realservers)) {
      if (item.address === undefined || item.node === undefined) continue
      const before = nodes.get(item.address)
      if (before === undefined) nodes.set(item.address, item.node)
      else if (before !== item.node)
        refuse(
          'address-of-other-node',
          ['services', at, 'realservers', nth, 'address'],
          `${item.address} is the realserver address of "${before}" in another service, and here of "${item.node}"`,
          'give the address of the realserver itself',
        )
    }
}

/** A NAT realserver has one default route, so one gateway, so one owner. */
export const natRealservers: Rule = (draft, refuse) => {
  const first = new Map<string, { readonly group: Group; readonly gateway: string | undefined }>()
  for (const { at, item: service } of entries(draft.services)) {
    const group = entries(draft.groups).find(({ item }) => item.name === service.group)?.item
    if (!group) continue
    for (const { at: nth, item } of entries(service.realservers)) {
      if (item.forward === undefined || item.node === undefined || !forwarding(item.forward).needsGateway) continue
      const only = group.gateways?.length === 1 ? group.gateways[0] : undefined
      const gateway = item.gateway ?? parseCidr((typeof only === 'string' ? only : only?.address) ?? '')?.address
      const before = first.get(item.node)
      const path: Path = ['services', at, 'realservers', nth]
      if (!before) first.set(item.node, { group, gateway })
      else if (before.group !== group) refuseGroups(item.node, before.group, group, path, refuse)
      else if (gateway !== undefined && before.gateway !== undefined && before.gateway !== gateway) {
        refuse(
          'two-gateways',
          path,
          `"${item.node}" already has its default route through ${before.gateway}`,
          'use one gateway for each NAT realserver',
        )
      }
    }
  }
}

function refuseGroups(node: string, one: Group, other: Group, path: Path, refuse: Refuse): void {
  const same = JSON.stringify(one.directors) === JSON.stringify(other.directors)
  const why = same
    ? 'the two groups can have different owners'
    : `with directors ${one.directors?.join(', ')} and ${other.directors?.join(', ')}`
  refuse(
    'nat-two-groups',
    path,
    `"${node}" is a NAT realserver of the groups "${one.name}" and "${other.name}", ${why}, but it has one default route`,
    'put the addresses of both into one group',
  )
}
