/** What one node must know: the ownership plane's part, and the data plane's. */
import { familyOf } from '@lvsm/base'
import { addressDigest } from './agreement.ts'
import type { LeaseView, PairKeys } from '@lvsm/protocol'
import { type LedAnswers, ledAnswers } from './answers.ts'
import { type OwnView, ownViewOf } from './own-view.ts'
import { type TunnelEnd, type TunnelPort, tunnelsTo } from './tunnels.ts'
import type { Config, ConfigGroup, ConfigNode, ConfigService, ConfigSync } from './config.ts'
import type { IpvsTimeouts } from './service-spec.ts'
import {
  DEFAULT_PLACEMENT,
  DEFAULT_ROUTE,
  FAMILIES,
  forwarding,
  noticesRefusal,
  type Placement,
  ROUTES,
  type Tunnel,
} from './tables/index.ts'
import { namesOf } from './tables/table.ts'

/** Keys that this node has with each of the others that have such, by name; of which ring. */
export interface PairRing {
  readonly number: number
  readonly pairs: ReadonlyMap<string, PairKeys>
}
export const NO_PAIRS: PairRing = { number: 0, pairs: new Map() }

/** The ownership plane's part. `interfaceOf` gives the interface index of a floating address on this node, 0 when there is none. */
export function ownershipView(
  config: Config,
  secrets: ReadonlyMap<number, string>,
  interfaceOf: (address: string) => number,
  node: string,
  ring: PairRing = NO_PAIRS,
): LeaseView {
  const pairOf = (name: string): { pair?: PairKeys } => {
    const pair = name === node ? undefined : ring.pairs.get(name)
    return pair ? { pair } : {}
  }
  return {
    cluster: config.cluster,
    node,
    epoch: config.followed ? config.epoch : 1,
    ...(config.followed ? { followed: true } : {}),
    revision: config.revision,
    timing: config.timing,
    nodes: config.nodes.map(({ name, links, voter }) => ({ name, links, voter, ...pairOf(name) })),
    groups: config.groups.map((group) => ({
      name: group.name,
      digest: addressDigest(group),
      directors: group.directors,
      addresses: group.addresses.map(({ address, prefix, kind }) => ({
        address,
        prefix,
        kind,
        ifindex: group.directors.includes(node) ? interfaceOf(address) : 0,
      })),
    })),
    keys: config.keys.flatMap(({ id, algorithm, secret }) => {
      const bytes = secret ?? secrets.get(id)
      return bytes === undefined ? [] : [{ id, algorithm, secret: bytes }]
    }),
    signWith: config.signWith,
    ...(ring.number > 0 ? { ring: ring.number } : {}),
  }
}

/** What one node has to do in the data plane. */
export interface NodeView {
  readonly node: ConfigNode
  /** Groups that this node is a director of. */
  readonly directs: readonly ConfigGroup[]
  /** Services of those groups. */
  readonly services: readonly ConfigService[]
  /** VIPs that this node has for itself as a realserver: each with its group, and how; by address, whichever services want them. */
  readonly answersFor: readonly { readonly address: string; readonly group: string; readonly placement: Placement }[]
  /** Own addresses on whose networks directors hand it packets as they are. */
  readonly handedAt: readonly string[]
  /** Services of those VIPs that this node serves, whose checks notice when nothing listens any more. */
  readonly serves: readonly ConfigService[]
  /** What this node unwraps as a realserver: one for each address that a director may send from, and each type. */
  readonly tunnels: readonly TunnelEnd[]
  /** UDP ports on which packets come wrapped. */
  readonly tunnelPorts: readonly TunnelPort[]
  /** VIPs whose packets come to this node wrapped, and in what: of several types that with the most in front of a packet. */
  readonly tunnelled: readonly { readonly address: string; readonly tunnel: Tunnel }[]
  /** The floating addresses through which its default routes go as a realserver by NAT: one of each family, at most. */
  readonly gateways: readonly string[]
  /** What of its answers to clients goes through a gateway by rules of its own, whatever the main table says. */
  readonly led: readonly LedAnswers[]
  /** What its own agent looks at for others. */
  readonly ownView: OwnView
  /** Of this node's kernel, where it is a director. */
  readonly ipvsTimeouts: IpvsTimeouts
  /** How this node and the other directors tell each other of their connections; null: it has no group that could move, or nobody is told. */
  readonly sync: ViewSync | null
}
export interface ViewSync extends Omit<ConfigSync, 'link'> {
  /** This node's own on the link. */
  readonly address: string
  /** Of the other directors, there. */
  readonly peers: readonly string[]
}

/**
 * As a director has it in its table: itself it serves by local delivery, whatever brings packets to it from another one, and of those that
 * serve on a director alone none but its own. Null: nobody knows which director.
 */
export function inTableOf(service: ConfigService, director: string | null): ConfigService {
  if (director === null) return service
  const realservers = service.realservers.flatMap((entry) => {
    const { onDirector, ofItself } = forwarding(entry.forward)
    if (entry.node !== director) return onDirector ? [] : [entry]
    return [ofItself === null || ofItself === entry.forward ? entry : { ...entry, forward: ofItself }]
  })
  const same = realservers.length === service.realservers.length
  return same && realservers.every((entry, at) => entry === service.realservers[at])
    ? service
    : { ...service, realservers }
}

/** The node's own part of the data plane; null when the configuration does not know the node. */
export function nodeView(config: Config, name: string): NodeView | null {
  const node = config.nodes.find((entry) => entry.name === name)
  if (!node) return null
  const directs = config.groups.filter((group) => group.directors.includes(name))
  const served = config.services.flatMap((service) => {
    const own = service.realservers.find((entry) => entry.node === name && forwarding(entry.forward).hasVip)
    return own ? [{ service, placement: own.placement ?? DEFAULT_PLACEMENT }] : []
  })
  const answersFor = new Map(
    served.map(({ service: { address, group }, placement }) => [address, { address, group, placement }]),
  )
  return {
    node,
    directs,
    services: config.services
      .filter((service) => directs.some((group) => group.name === service.group))
      .map((service) => inTableOf(service, name)),
    answersFor: [...answersFor.values()].toSorted((one, other) => (one.address < other.address ? -1 : 1)),
    handedAt: handedAt(config, name),
    serves: served.map(({ service }) => service).filter(({ check }) => noticesRefusal(check)),
    gateways: defaultGateways(config, name),
    led: ledAnswers(config, name),
    ipvsTimeouts: config.ipvsTimeouts,
    ...tunnelsTo(config, name),
    ownView: ownViewOf(config, name),
    sync: syncView(config, name),
  }
}

function defaultGateways({ services }: Config, name: string): string[] {
  const all = services.flatMap(({ realservers }) =>
    realservers.flatMap(({ node, forward, gateway, route = DEFAULT_ROUTE }) =>
      node === name && gateway !== null && forwarding(forward).needsGateway && ROUTES[route].ofNode ? [gateway] : [],
    ),
  )
  return namesOf(FAMILIES).flatMap((family) => all.find((one) => familyOf(one) === family) ?? [])
}

function handedAt({ services }: Config, name: string): string[] {
  const own = services.flatMap(({ realservers }) =>
    realservers.filter(({ node, forward }) => {
      const { onLink, hasVip } = forwarding(forward)
      return node === name && onLink && hasVip
    }),
  )
  return [...new Set(own.map(({ address }) => address))].toSorted()
}

function syncView({ sync, groups, nodes }: Config, name: string): ViewSync | null {
  const names = new Set(groups.flatMap(({ directors }) => (directors.length > 1 ? directors : [])))
  if (sync === null || !names.has(name)) return null
  const places = nodes.flatMap((node) => {
    const link = names.has(node.name) ? node.links.find((one) => one.name === sync.link) : undefined
    return link ? [{ node: node.name, address: link.address }] : []
  })
  const { id, group, port } = sync
  const own = places.find(({ node }) => node === name)
  const peers = places.flatMap(({ node, address }) => (node === name ? [] : [address]))
  return own ? { id, group, port, address: own.address, peers } : null
}
