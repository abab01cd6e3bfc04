/** Realservers behind a gateway whose answers do not come back, or go astray. */
import { type Cidr, inNetwork, networkCidr, parseCidr } from '../address.ts'
import { areAnswers } from '../answers.ts'
import { parsePorts, portsText } from '../ports.ts'
import { type Served, served, type Service } from '../rules/pools.ts'
import { entries } from '../rules/rule.ts'
import type { Draft } from '../schema.ts'
import { DEFAULT_ROUTE, forwarding, ROUTES } from '../tables/index.ts'
import type { WarningRule } from './warning.ts'

type Warn = Parameters<WarningRule>[1]
type Realserver = Served['item']
interface Near {
  readonly draft: Draft
  readonly service: Service
  readonly group: NonNullable<NonNullable<Draft['groups']>[number]>
  readonly network: Cidr
  readonly servers: readonly Served[]
}

/** Services whose VIP is in the network of their NAT realservers: so may clients be. */
function nearby(draft: Draft): Near[] {
  return entries(draft.services).flatMap(({ at, item: service }): Near[] => {
    const group = entries(draft.groups).find(({ item }) => item.name === service.group)?.item
    const networks = (group?.gateways ?? []).flatMap((one) => {
      const cidr = parseCidr((typeof one === 'string' ? one : one?.address) ?? '')
      return cidr && inNetwork(service.address ?? '', cidr) ? [cidr] : []
    })
    const isBehind = ({ item: { forward, address = '' } }: Served): boolean =>
      forward !== undefined && forwarding(forward).needsGateway && networks.some((one) => inNetwork(address, one))
    const servers = served(draft, at).filter(isBehind)
    const [network] = networks
    return group && network && servers.length > 0 ? [{ draft, service, group, network, servers }] : []
  })
}

/** Who is in the realserver's own network is answered straight, past the director, unless the realserver's agent leads the answers. */
export const oneNetworks: WarningRule = (draft, warn) => {
  for (const near of nearby(draft)) {
    const { service, servers } = near
    const wide = (service.ports ?? []).flatMap((written) => (written === undefined ? [] : (parsePorts(written) ?? [])))
    const [unled] = wide.every(areAnswers) ? servers.filter(({ item }) => item.agent === false) : servers
    if (unled) warnOfStraight(service, unled, portsText(wide.filter((range) => !areAnswers(range))), warn)
    if (unled !== servers[0]) warnOfChecks(near, warn)
  }
}

function warnOfStraight(service: Service, { item, here }: Served, ports: string, warn: Warn): void {
  const [why, hint] =
    ports === ''
      ? ['where no agent runs', `let it join the cluster, do by hand what lvsm recipe ${item.node} says`]
      : [
          `and ports ${ports} are those of its own connections, too`,
          'name the ports that are served (below 32768, or one by one)',
        ]
  warn(
    'warning',
    'nat-on-one-network',
    here('forward'),
    `the VIP of service "${service.name}" is in the network of its NAT realserver "${item.node}", ${why}: clients in that network are answered past the director, and get no connection`,
    `${hint}, give NAT realservers a network of their own, or use forward: dr or fullnat`,
  )
}

/** To addresses of directors that the file names answers go straight. */
function warnOfChecks({ draft, service, group, network, servers }: Near, warn: Warn): void {
  const names = (group.directors ?? []).flatMap((name) => name ?? [])
  const [first] = servers.filter(({ item }) => item.agent !== false)
  if (names.length < 2 || !first) return
  const apart = names.find((name) => {
    const links = entries(draft.nodes).find(({ item }) => item.name === name)?.item.links
    return links?.every((link) => link?.address !== undefined && !inNetwork(link.address, network)) === true
  })
  if (apart === undefined) return
  const { address, prefix } = networkCidr(network)
  warn(
    'warning',
    'checks-on-one-network',
    first.here('forward'),
    `director "${apart}" has no link in ${address}/${prefix}, the network of the VIP and of NAT realserver "${first.item.node}" of service "${service.name}": as a standby it gets no answers to its checks, because they go to the owner`,
    `give "${apart}" a link with its address in ${address}/${prefix}`,
  )
}

/** Whose default route a realserver has: the director's own packets, and those with a VIP as source, must not meet it. */
export const gateways: WarningRule = (draft, warn) => {
  const behind = new Map<string, string>()
  const all = entries(draft.services).flatMap(({ at, item: service }) =>
    served(draft, at).map(({ item, here }) => ({ here, service, item })),
  )
  for (const { item, service } of all)
    if (item.node !== undefined && isBehind(item)) behind.set(item.node, service.name ?? '')
  for (const { here, item } of all) {
    const nat = item.node === undefined ? undefined : behind.get(item.node)
    if (nat === undefined || item.forward === undefined || !forwarding(item.forward).hasVip) continue
    warn(
      'warning',
      'direct-behind-gateway',
      here('forward'),
      `"${item.node}" has its default route through a director, as service "${nat}" wants it: that director drops its direct answers to clients beyond the link, since they carry its own VIP as source`,
      'use one forwarding method for all services of one realserver, or route: policy where it is by NAT',
    )
  }
  const directors = new Set(entries(draft.groups).flatMap(({ item }) => item.directors ?? []))
  for (const { here, item } of all)
    if (item.node !== undefined && directors.has(item.node) && isBehind(item))
      warn(
        'warning',
        'director-behind-gateway',
        here('node'),
        `"${item.node}" is a director itself, and gets its default route through another director`,
        'use a realserver that is no director, or route: policy',
      )
}

/** By its default route. */
const isBehind = ({ forward, route = DEFAULT_ROUTE }: Realserver): boolean =>
  forward !== undefined && forwarding(forward).needsGateway && ROUTES[route].ofNode
