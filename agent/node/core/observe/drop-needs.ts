/** What of the cluster passes the packet filter of this node: what a rule must not drop. */
import { type Family, familyOf } from '@lvsm/base'
import {
  type Config,
  type ConfigService,
  forwarding,
  KERNEL_PROTOCOLS,
  type NodeView,
  type PortRange,
  protocolRow,
} from '@lvsm/model'
import type { DroppedKind } from '@lvsm/protocol'

/** Of the families ip, ip6 and inet (NF_INET_…). */
export const HOOK = { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4 } as const
const IN: ReadonlySet<number> = new Set([HOOK.prerouting, HOOK.input])
const OUT: ReadonlySet<number> = new Set([HOOK.output, HOOK.postrouting])
const FORWARDED: ReadonlySet<number> = new Set([HOOK.forward])

export interface Need {
  readonly kind: DroppedKind
  /** A service, or a heartbeat link. */
  readonly name: string
  readonly hooks: ReadonlySet<number>
  readonly family: Family
  /** IANA's number. */
  readonly protocol: number
  /** By which it is known; empty: whoever it is. */
  readonly sources: ReadonlySet<string>
  /** Whoever it is, it is none of these: what lets them in lets in nobody of it. */
  readonly notFrom: ReadonlySet<string>
  readonly destinations: ReadonlySet<string>
  readonly ports: readonly PortRange[]
  readonly sourcePorts: readonly PortRange[]
  /** It is so now: not only after a takeover. */
  readonly now: boolean
  /** One protocol. */
  readonly only: boolean
}
type Ends = Partial<Pick<Need, 'sources' | 'notFrom' | 'destinations' | 'ports' | 'sourcePorts'>>
const NONE: ReadonlySet<string> = new Set()
const one = (port: number): PortRange[] => (port === 0 ? [] : [{ from: port, to: port }])
const numberOf = (protocol: keyof typeof KERNEL_PROTOCOLS): number => KERNEL_PROTOCOLS[protocol].number

type Place = Omit<Need, keyof Ends>
const need = (place: Place, ends: Ends): Need => ({
  ...{ sources: NONE, notFrom: NONE, destinations: NONE, ports: [], sourcePorts: [] },
  ...place,
  ...ends,
})

/** `owned`: groups whose addresses are here. */
export const needsOf = (view: NodeView, config: Config, owned: ReadonlySet<string>): Need[] => [
  ...view.services.flatMap((service) => directed(service, owned.has(service.group))),
  ...arriving(view, config),
  ...heartbeats(view, config),
]

/** Of a director: what comes from clients, what it hands on and asks, and what is answered through it. */
function directed(service: ConfigService, now: boolean): Need[] {
  const { name, address, ports = one(service.port), realservers } = service
  const { kernel } = protocolRow(service.protocol)
  // What goes through a tunnel leaves wrapped: a filter sees another protocol, between other addresses.
  const bare = realservers.filter(({ forward }) => !forwarding(forward).tunnels)
  const asItCame = bare.some(({ forward }) => forwarding(forward).hasVip)
  const servers = new Set(realservers.map((server) => server.address))
  const sent = new Set(bare.map((server) => server.address))
  // The others answer clients past this director: to it they answer checks alone, which it does not forward.
  const back = realservers.filter(({ forward }) => forwarding(forward).answersThroughDirector)
  const through = new Set(back.map((server) => server.address))
  const at = [...new Set(realservers.map(({ port }) => port))].flatMap((port) => (port === 0 ? ports : one(port)))
  return kernel.flatMap((kernelProtocol): Need[] => {
    const place = {
      name,
      family: familyOf(address),
      protocol: numberOf(kernelProtocol),
      now,
      only: kernel.length === 1,
    }
    const ofServers = realservers.length === 0 ? [] : [...servers].slice(0, 1).map(familyOf)
    return [
      need({ ...place, kind: 'clients', hooks: IN }, { destinations: new Set([address]), ports }),
      ...(asItCame ? [need({ ...place, kind: 'sent', hooks: OUT }, { destinations: new Set([address]), ports })] : []),
      ...ofServers.flatMap((family) => [
        ...(sent.size === 0
          ? []
          : [need({ ...place, family, kind: 'sent', hooks: OUT }, { destinations: sent, ports: at })]),
        need({ ...place, family, kind: 'returned', hooks: IN }, { sources: servers, sourcePorts: at }),
        ...(through.size === 0
          ? []
          : [need({ ...place, family, kind: 'returned', hooks: FORWARDED }, { sources: through, sourcePorts: at })]),
      ]),
    ]
  })
}

/**
 * Of a realserver: what checks of the directors ask its own servers and are answered, and what clients are sent there and answered. A check asks
 * the realserver's own address, where a client's packet arrives for the VIP (unless it goes to the VIP itself): a rule may keep out one and let in the other.
 */
const arriving = ({ ownView }: NodeView, config: Config): Need[] => {
  const directors = directorsOf(config)
  return ownView.arrivals.flatMap(({ service, protocol, address, port, own }): Need[] => {
    const { check, realservers = [] } = config.services.find(({ name }) => name === service) ?? {}
    const place = { name: service, family: familyOf(own), protocol: numberOf(protocol), now: true, only: true }
    const asked = new Set(check?.via === 'vip' ? [address, own] : [own])
    const isHidden = realservers.some((one) => one.address === own && forwarding(one.forward).hidesClients)
    const arrives = { ...place, family: familyOf(address) }
    const at = new Set([address])
    return [
      need({ ...place, kind: 'servers', hooks: IN }, { sources: directors, destinations: asked, ports: one(port) }),
      need(
        { ...place, kind: 'answers', hooks: OUT },
        { sources: asked, destinations: directors, sourcePorts: one(port) },
      ),
      ...(isHidden
        ? []
        : [
            need(
              { ...arrives, kind: 'requests', hooks: IN },
              { notFrom: directors, destinations: at, ports: one(port) },
            ),
            need({ ...arrives, kind: 'replies', hooks: OUT }, { sources: at, sourcePorts: one(port) }),
          ]),
    ]
  })
}

function heartbeats({ node }: NodeView, { nodes }: Config): Need[] {
  return node.links.flatMap(({ name, address, port }): Need[] => {
    const peers = nodes.flatMap((other) =>
      other.name === node.name ? [] : other.links.filter((link) => link.name === name),
    )
    const others = new Set(peers.map((link) => link.address))
    const place = { name, family: familyOf(address), protocol: numberOf('udp'), now: true, only: true }
    const own = new Set([address])
    const there = [...new Set(peers.map((link) => link.port))].flatMap(one)
    return [
      need({ ...place, kind: 'heard', hooks: IN }, { sources: others, destinations: own, ports: one(port) }),
      need({ ...place, kind: 'beats', hooks: OUT }, { sources: own, destinations: others, ports: there }),
    ]
  })
}
const directorsOf = ({ nodes, groups }: Config): ReadonlySet<string> => {
  const directors = new Set(groups.flatMap((group) => group.directors))
  return new Set(nodes.flatMap(({ name, links }) => (directors.has(name) ? links.map(({ address }) => address) : [])))
}
