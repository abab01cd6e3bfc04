/** Realservers of a virtual service: what forwarding can and cannot do with them. */
import { inNetwork, parseCidr, refuseHostAddress } from '../address.ts'
import type { Path } from '../document.ts'
import type { Draft } from '../schema.ts'
import { FORWARDING, type Forward, type ForwardingRow, forwarding } from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import type { Floating } from './addresses.ts'
import { entries, type Refuse, type Rule } from './rule.ts'

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

export function checkForwarding(
  realserver: Realserver,
  group: Group,
  own: readonly Floating[],
  path: Path,
  refuse: Refuse,
): void {
  if (realserver.forward === undefined) return
  const { title, aliasOn, needsGateway } = forwarding(realserver.forward)
  if (aliasOn !== null && realserver.node !== undefined && group.directors?.includes(realserver.node)) {
    refuse(
      'director-is-realserver',
      [...path, 'node'],
      `"${realserver.node}" is a director of group "${group.name}": as a standby it must stay silent for the address that it would answer for as a realserver`,
      'use a realserver that is no director of the group',
    )
  }
  if (!needsGateway) return
  const gateways = own.filter((entry) => entry.kind === 'gateway')
  const chosen =
    realserver.gateway === undefined
      ? gateways.length === 1
        ? gateways[0]
        : undefined
      : gateways.find((entry) => entry.address === realserver.gateway)
  if (gateways.length === 0 && group.gateways === undefined) {
    refuse(
      'nat-without-gateway',
      [...path, 'forward'],
      `group "${group.name}" has no ${title} gateway, so answers would not come back through the director`,
      'add gateways: [ADDRESS/PREFIX] to the group, on the realserver’s network',
    )
  } else if (chosen === undefined) {
    const known = gateways.map((entry) => entry.address).join(', ')
    if (realserver.gateway !== undefined)
      refuse(
        'unknown-gateway',
        [...path, 'gateway'],
        `${realserver.gateway} is no gateway of group "${group.name}"`,
        `its gateways: ${known}`,
      )
    else if (gateways.length > 1)
      refuse('unknown-gateway', path, `group "${group.name}" has several gateways`, `name one with gateway: ${known}`)
  } else if (realserver.address !== undefined && !inNetwork(realserver.address, chosen)) {
    refuse(
      'not-on-gateway-network',
      [...path, 'address'],
      `${realserver.address} is not in the network of gateway ${chosen.address}/${chosen.prefix}`,
      'a default route needs a gateway on a network of its own',
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
