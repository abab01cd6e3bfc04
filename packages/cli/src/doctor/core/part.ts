/** What a machine is for, as the configuration says, as whoever asks says, and as its kernel shows: a trap is one only for some of them. */
import { type Family, familyOf, MARKS } from '@lvsm/base'
import { hostPrefix, isMark, type NodeView, protocolRow } from '@lvsm/model'
import type { FactAddress, MachineFacts } from '@lvsm/protocol'

/** What somebody says of a machine that no cluster knows. */
export interface Given {
  readonly as: readonly ('director' | 'realserver' | 'tunnelled')[]
  readonly vips: readonly string[]
  /** Null: nobody named one. */
  readonly gateway: string | null
}
export const NOTHING_GIVEN: Given = { as: [], vips: [], gateway: null }

export interface Part {
  /** Null: in no cluster. */
  readonly node: string | null
  readonly director: boolean
  /** Of the services that this machine directs. */
  readonly vips: readonly string[]
  /** What clients ask, and this machine has for itself as a realserver. */
  readonly aliases: readonly string[]
  /** Packets come to it wrapped. */
  readonly tunnelled: boolean
  /** None: it is no realserver by NAT, as far as is known. */
  readonly gateways: readonly string[]
  /** What clients ask of this machine as a realserver, as the configuration says; null: nobody says it. */
  readonly asked: readonly Asked[] | null
  /** Own addresses on whose networks directors hand it packets as they are; null: nobody says it. */
  readonly handed: readonly string[] | null
  /** VIPs that a service is configured for: others are kept for what their owner runs itself; null: nobody says it. */
  readonly serving: ReadonlySet<string> | null
  /** Mark of a service → its VIP, as the configuration says. */
  readonly marks: ReadonlyMap<number, string>
  /** Its answers that go through a gateway whatever its default route is. */
  readonly led: NodeView['led']
  /** Addresses that packets of the cluster, or of its clients, go to: VIPs, aliases, realservers, gateways, other directors, and the machine's own that it is known by. */
  readonly reached: ReadonlySet<string>
  /** Address of a realserver → its node, as the configuration says. */
  readonly nodeOf: (address: string) => string
  /** Ports of services, of their servers, and of heartbeats. */
  readonly ports: ReadonlySet<number>
}

/** Ports of one VIP. */
export interface Asked {
  readonly address: string
  readonly protocol: string
  readonly from: number
  readonly to: number
}

/** Devices on which nobody asks for an address, so that one there is kept for what is sent to this machine. */
const SILENT_KINDS: ReadonlySet<string> = new Set(['dummy', 'ipip', 'gre', 'sit', 'ip6tnl', 'ip6gre'])
/** By which packets of IPv4 come, or of IPv6. */
const TUNNEL_KINDS: Readonly<Record<Family, ReadonlySet<string>>> = {
  ipv4: new Set(['ipip', 'gre']),
  ipv6: new Set(['ip6tnl', 'ip6gre']),
}

/** Addresses of a machine that no packet of its own network leads to. */
export function aliasesOf({ links, addresses }: Pick<MachineFacts, 'links' | 'addresses'>): readonly FactAddress[] {
  const kinds = new Map(links.map((link) => [link.name, link]))
  return addresses.filter((one) => {
    const link = kinds.get(one.interface)
    if (!link || isLoopback(one.address) || one.address === MARKS.deviceAddress) return false
    const silent = SILENT_KINDS.has(link.kind) && one.prefix === hostPrefix(one.address)
    return link.loopback || silent
  })
}
const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || address === '::1' || address.startsWith('fe80:')

export const tunnelDevices = ({ links }: Pick<MachineFacts, 'links'>, family: Family): MachineFacts['links'] =>
  links.filter(({ kind, up }) => up && TUNNEL_KINDS[family].has(kind))
const isUnwrapping = (facts: MachineFacts): boolean =>
  (['ipv4', 'ipv6'] as const).some((family) => tunnelDevices(facts, family).length > 0)

const unique = (all: readonly string[]): string[] => [...new Set(all)].toSorted()

/** `view` is null outside any cluster. Of a director the addresses on lo are its own business: only those that its view wants are aliases. */
export function partOf(facts: MachineFacts, view: NodeView | null, given: Given): Part {
  const services = facts.ipvs?.services ?? []
  const directs = view !== null && view.directs.length > 0
  const director = directs || services.length > 0 || given.as.includes('director')
  const shown = [...aliasesOf(facts), ...(facts.localRoutes ?? [])].map(({ address }) => address)
  const aliases = [
    ...(view?.answersFor ?? []).map(({ address }) => address),
    ...(view === null ? shown : shown.filter((address) => isVipOf(view, address))),
    ...(given.as.some((word) => word !== 'director') ? given.vips : []),
  ]
  const floating = (view?.directs ?? []).flatMap(({ addresses }) => addresses)
  const vips = [
    ...services.flatMap(({ address }) => (address === '' ? [] : [address])),
    ...floating.flatMap(({ kind, address }) => (kind === 'vip' ? [address] : [])),
    ...(given.as.length === 0 || given.as.includes('director') ? given.vips : []),
  ]
  const own = { vips: unique(vips), aliases: unique(aliases) }
  const gateways = view?.gateways ?? (given.gateway === null ? [] : [given.gateway])
  return {
    node: view?.node.name ?? null,
    director,
    ...own,
    tunnelled:
      (view?.tunnels.length ?? 0) > 0 || given.as.includes('tunnelled') || (aliases.length > 0 && isUnwrapping(facts)),
    gateways,
    asked: view === null ? null : askedOf(view),
    handed: view === null ? null : view.handedAt,
    serving: view === null ? null : new Set(view.services.map(({ address }) => address)),
    marks: new Map(view?.services.flatMap((one) => (isMark(one) ? [[one.fwmark, one.address] as const] : []))),
    led: view?.led ?? [],
    reached: new Set([
      ...own.vips,
      ...own.aliases,
      ...gateways,
      ...(view?.sync?.peers ?? []),
      ...serversOf(facts, view).map(({ address }) => address),
    ]),
    nodeOf: nodeNames(view),
    ports: new Set(
      [...serversOf(facts, view), ...placesOf(facts, view)].flatMap(({ port }) => (port === 0 ? [] : [port])),
    ),
  }
}

/** Empty: nobody says whose it is. */
function nodeNames(view: NodeView | null): (address: string) => string {
  const names = new Map(
    view?.services.flatMap(({ realservers }) => realservers.map(({ address, node }) => [address, node] as const)),
  )
  return (address) => names.get(address) ?? ''
}

/** Who serves clients, here or elsewhere; the address where this machine is one of them. */
const serversOf = ({ ipvs }: MachineFacts, view: NodeView | null): { address: string; port: number }[] => [
  ...(ipvs?.services ?? []).flatMap(({ destinations }) => destinations),
  ...(view?.services ?? []).flatMap(({ realservers }) => realservers),
  ...(view?.ownView.arrivals ?? []).map(({ own, port }) => ({ address: own, port })),
  ...(view?.node.links ?? []).map(({ address }) => ({ address, port: 0 })),
]
/** Where clients ask, and where heartbeats come. */
const placesOf = ({ ipvs, listeners }: MachineFacts, view: NodeView | null): { port: number }[] => [
  ...(ipvs?.services ?? []).filter(({ protocol }) => protocol !== null),
  ...(view?.services ?? []).filter((one) => !isMark(one)),
  ...(view?.ownView.arrivals ?? []),
  ...listeners.filter(({ protocol, program }) => protocol === 'udp' && program === 'lvsm-lease'),
]

const askedOf = ({ serves }: NodeView): Asked[] =>
  serves.flatMap(({ address, protocol, port, ports = [{ from: port, to: port }] }) =>
    protocolRow(protocol).kernel.flatMap((kernel) =>
      ports.map(({ from, to }) => ({ address, protocol: kernel, from, to })),
    ),
  )

const isVipOf = ({ directs, services }: NodeView, address: string): boolean =>
  services.some((one) => one.address === address) ||
  directs.some((group) => group.addresses.some((one) => one.address === address))

export const isIpv4 = (address: string): boolean => familyOf(address) === 'ipv4'
