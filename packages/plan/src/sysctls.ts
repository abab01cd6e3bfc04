/** Kernel settings that forwarding needs (TRAPS.md, rows 1, 5, 11, 17, 21 and 50; kernel: ip-sysctl, ipvs-sysctl). */
import { type Family, familyOf } from '@lvsm/base'
import { type FloatingAddress, type NodeView, protocolRow } from '@lvsm/model'
import { type HostNetwork, interfaceFor } from './host-network.ts'
import { familyOfDefault } from './observed.ts'

export interface DesiredSysctl {
  /** Below /proc/sys. */
  readonly path: string
  /** Written when the present value is none of `accept`. */
  readonly value: string
  readonly accept: readonly string[]
  /** What goes wrong otherwise. */
  readonly why: string
  /** An interface that has no such setting does not need it. */
  readonly optional?: true
}

const conf = (name: string, key: string): string => `net/ipv4/conf/${name}/${key}`
const exactly = (path: string, value: string, why: string): DesiredSysctl => ({ path, value, accept: [value], why })
const devices = (host: HostNetwork): string[] =>
  host.links.filter((link) => !link.loopback && !link.name.includes('/')).map((link) => link.name)

/**
 * A director: no redirects (on if either of all and the interface says so, so both are cleared), and forwarding only for
 * NAT. Where an interface has no address of its own in the network of the VIPs, the first of them is the primary one; in IPv6 there
 * are no primary ones, and redirects are the business of who gets them.
 */
export function directorSysctls(
  host: HostNetwork,
  forwards: ReadonlySet<Family>,
  floating: readonly FloatingAddress[],
  answering: readonly string[] = [],
): DesiredSysctl[] {
  const homes = new Set(
    floating
      .filter(({ address }) => familyOf(address) === 'ipv4')
      .map((entry) => entry.interface ?? interfaceFor(host, entry.address)?.name),
  )
  const redirects = ['all', 'default', ...devices(host)].map((name) =>
    exactly(conf(name, 'send_redirects'), '0', 'realservers would be told a way around the director'),
  )
  return [
    ...redirects,
    ...devices(host)
      .filter((name) => homes.has(name))
      .map((name) =>
        exactly(conf(name, 'promote_secondaries'), '1', 'a group that leaves would take the addresses of others along'),
      ),
    exactly('net/ipv4/vs/expire_nodest_conn', '1', 'clients of a removed realserver would hang'),
    // Kernels that have no such setting always count (before 5.17).
    { ...exactly('net/ipv4/vs/run_estimation', '1', 'the kernel would tell every rate as 0'), optional: true },
    ...(forwards.has('ipv4') ? forwardingSysctls(host, floating, answering) : []),
    ...(forwards.has('ipv6') ? routerSysctls(host) : []),
  ]
}

/**
 * The one file is of all interfaces, and of each its own: who set that to 0 lets nothing through that comes in by it (in IPv6 the one of all
 * interfaces decides alone; both tried). Answers come in by the realservers' side, and what they began is answered by the other.
 */
function forwardingSysctls(
  host: HostNetwork,
  floating: readonly FloatingAddress[],
  answering: readonly string[],
): DesiredSysctl[] {
  const sides = [
    ...floating
      .filter(({ address }) => familyOf(address) === 'ipv4')
      .map((one) => one.interface ?? interfaceFor(host, one.address)?.name),
    ...answering.filter((address) => familyOf(address) === 'ipv4').map((address) => interfaceFor(host, address)?.name),
  ]
  return [
    exactly('net/ipv4/ip_forward', '1', 'NAT forwards packets'),
    ...devices(host)
      .filter((name) => sides.includes(name))
      .map((name) => exactly(conf(name, 'forwarding'), '1', 'NAT forwards packets that come in by it')),
  ]
}

/** Without it no answer passes through this node. */
export const carriesAnswers = (path: string): boolean =>
  path === 'net/ipv4/ip_forward' ||
  path === 'net/ipv6/conf/all/forwarding' ||
  path === 'net/ipv4/vs/conntrack' ||
  /^net\/ipv4\/conf\/[^/]+\/forwarding$/.test(path)

/**
 * Without synchronisation a director knows nothing of connections that another one began, and IPVS begins none but with a SYN (SCTP: INIT). A scheduler
 * that takes the client's address alone finds the same realserver as the other did (TRAPS.md, row 17).
 */
export function sloppySysctls({ services, sync }: Pick<NodeView, 'services' | 'sync'>): DesiredSysctl[] {
  if (sync !== null) return []
  const hashed = services.filter(({ scheduler }) => SAME_EVERYWHERE.has(scheduler))
  const protocols = new Set(hashed.flatMap(({ protocol }) => protocolRow(protocol).kernel))
  return (['tcp', 'sctp'] as const)
    .filter((protocol) => protocols.has(protocol))
    .map((protocol) =>
      exactly(`net/ipv4/vs/sloppy_${protocol}`, '1', 'after a failover packets of established connections are refused'),
    )
}
const SAME_EVERYWHERE: ReadonlySet<string> = new Set(['sh', 'mh'])

/** For as long as one is stopped so (TRAPS.md, row 12). It holds for all that has weight 0: drained ones, too, get no client back meanwhile. */
export const FORGETTING: readonly DesiredSysctl[] = [
  exactly('net/ipv4/vs/expire_quiescent_template', '1', 'persistence would bring clients back to a stopped realserver'),
]

const conf6 = (name: string, key: string): string => `net/ipv6/conf/${name}/${key}`

/**
 * Who forwards IPv6 is a router, and hears no router advertisements any more, unless accept_ra is 2 (ip-sysctl): where this node has its own
 * default route by them it would lose it, so that comes first.
 */
const routerSysctls = (host: HostNetwork): DesiredSysctl[] => [
  ...devices(host).map((name) => ({
    path: conf6(name, 'accept_ra'),
    value: '2',
    accept: ['0', '2'],
    why: 'a node that forwards would lose the default route that its router advertises',
    // Tunnels of IPv4 alone (tunl0) have no settings of IPv6, and hear no router.
    optional: true as const,
  })),
  exactly(conf6('all', 'forwarding'), '1', 'NAT forwards packets'),
]

/** A realserver with aliases: silent in ARP for them. The maximum of all and the interface counts. */
export function aliasSysctls(host: HostNetwork, aliases: readonly string[]): DesiredSysctl[] {
  const facing = aliases.flatMap((address) => interfaceFor(host, address)?.name ?? [])
  const names = [...new Set(['all', ...facing, 'lo'])]
  return names.flatMap((name) => [
    {
      path: conf(name, 'arp_ignore'),
      value: '1',
      accept: ['1', '2'],
      why: 'the realserver would answer ARP for the VIP',
    },
    {
      path: conf(name, 'arp_announce'),
      value: '2',
      accept: ['2'],
      why: 'the realserver would announce the VIP in its own ARP requests',
    },
  ])
}

/** A realserver behind a gateway follows its default route and no ICMP redirect (on a host, either of all and the interface lets them in). */
export function gatewaySysctls(host: HostNetwork, gateway: string): DesiredSysctl[] {
  const facing = interfaceFor(host, gateway)?.name
  const of = familyOf(gateway) === 'ipv4' ? conf : conf6
  return ['all', ...(facing === undefined ? [] : [facing])].map((name) =>
    exactly(of(name, 'accept_redirects'), '0', 'a redirect would lead answers past the director'),
  )
}

const RP_FILTER_OF_ALL = conf('all', 'rp_filter')
/**
 * A director hands packets over on the network of the realserver's own address. Where this node's way back to clients is another interface, a strict
 * rp_filter takes all of them for forged (the larger of `all` and the interface counts; TRAPS.md, row 41). IPv6 has none.
 */
export function handedSysctls(host: HostNetwork, handedAt: readonly string[]): DesiredSysctl[] {
  const routes = (host.defaults ?? []).filter((one) => familyOfDefault(one) === 'ipv4')
  const least = Math.min(...routes.map(({ metric }) => metric))
  const back = new Set(routes.filter(({ metric }) => metric === least).map(({ index }) => index))
  if (back.size === 0) return []
  const names = handedAt
    .filter((address) => familyOf(address) === 'ipv4')
    .flatMap((address) => host.addresses.find((one) => one.address === address)?.index ?? [])
    .filter((index) => !back.has(index))
    .flatMap((index) => host.links.find((link) => link.index === index && !link.loopback)?.name ?? [])
    .filter((name) => !name.includes('/'))
  if (names.length === 0) return []
  const all = host.sysctls?.get(RP_FILTER_OF_ALL) ?? '0'
  const why = 'what a director hands over here would be dropped: the way back to clients is another interface'
  return [
    { path: RP_FILTER_OF_ALL, value: all, accept: [all], why },
    ...[...new Set(names)].map((name) => ({
      ...{ path: conf(name, 'rp_filter'), value: '2', accept: all === '1' ? ['2'] : ['0', '2'], why },
    })),
  ]
}
