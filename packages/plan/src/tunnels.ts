/**
 * Tunnel devices of a realserver (TRAPS.md, row 3): our own, one for each address that a director may send from. Its remote end is
 * that address, so the kernel itself gives it nothing that says to come from anybody else, and the devices of others (`tunl0`, `gre0`,
 * those of a container network) keep what is theirs. What comes out of one has still to pass the rules (`tunnel-rules`).
 */
import { familyOf, MARKS } from '@lvsm/base'
import {
  type ConfigRealserver,
  DEFAULT_TUNNEL,
  type NodeView,
  tunnelDeviceName,
  tunnelOver,
  type TunnelOver,
  type TunnelPort,
} from '@lvsm/model'
import type { HostNetwork } from './host-network.ts'
import type { Observed, ObservedLink } from './observed.ts'
import type { Operation } from './operation.ts'
import { GUE_KEY, gueKey, type OwnedRecord } from './record.ts'
import type { DesiredSysctl } from './sysctls.ts'

export type TunnelDevice = TunnelOver['device']

export interface DesiredTunnel {
  readonly name: string
  readonly device: TunnelDevice
  readonly remote: string
}
type Links = Pick<HostNetwork, 'links'>

const OWN_NAME = /^lvsm-[a-z][0-9a-f]{8}$/
/** A setting of a device of ours. */
export const isOfOwnDevice = (path: string): boolean => {
  const name = path.split('/').at(-2) ?? ''
  return OWN_NAME.test(name) || name === MARKS.vipDevice
}

/** One device serves all types that end in its kind. */
export function desiredTunnels({ tunnels }: NodeView): DesiredTunnel[] {
  const all = tunnels.map(({ tunnel, remote }): DesiredTunnel => {
    const { device } = tunnelOver(tunnel, familyOf(remote))
    return { name: tunnelDeviceName(tunnel, remote), device, remote }
  })
  return [...new Map(all.map((one) => [one.name, one])).values()]
}

/** Of a destination: nothing for what IPVS does unless it is told otherwise; `gue:6080`. */
export const tunnelWay = ({
  tunnel,
  tunnelPort,
}: Pick<ConfigRealserver, 'tunnel' | 'tunnelPort'>): { tunnel?: string } =>
  tunnel === undefined || tunnel === DEFAULT_TUNNEL
    ? {}
    : { tunnel: tunnelPort === undefined ? tunnel : `${tunnel}:${tunnelPort}` }

/** Only IPv4 looks whether the way back is the one by which a packet came. */
const isFiltered = ({ remote }: DesiredTunnel): boolean => familyOf(remote) === 'ipv4'

/**
 * Loose, as the larger value of `all` and the device counts: the way back to a client goes by another interface. The kernel
 * lets such packets in only where the device has an address (net/ipv4/fib_frontend.c, __fib_validate_source). In IPv6 the device must
 * take IPv6, which hosts may have switched off for what comes later.
 */
export const tunnelSysctls = ({ links }: Links, tunnels: readonly DesiredTunnel[]): DesiredSysctl[] =>
  tunnels
    .filter(({ name }) => links.some((link) => link.name === name && isOwnTunnel(link)))
    .map((one) => (isFiltered(one) ? LOOSE(one.name) : OPEN(one.name)))
const LOOSE = (name: string): DesiredSysctl => ({
  path: `net/ipv4/conf/${name}/rp_filter`,
  value: '2',
  accept: ['2'],
  why: 'what comes out of the tunnel would be dropped: the way back to its sender is another one',
})
const OPEN = (name: string): DesiredSysctl => ({
  path: `net/ipv6/conf/${name}/disable_ipv6`,
  value: '0',
  accept: ['0'],
  why: 'what comes out of the tunnel would be dropped: its device takes no IPv6',
})

export const isOwnTunnel = ({ name, note }: ObservedLink): boolean => OWN_NAME.test(name) && note === MARKS.deviceNote

/** Devices of others that take what is meant for this one: its name, or its director's packets. */
export const inTheWay = ({ links }: Links, { name, device, remote }: DesiredTunnel): ObservedLink[] =>
  links.filter(
    (link) =>
      !isOwnTunnel(link) && (link.name === name || (link.tunnel?.kind === device && link.tunnel.remote === remote)),
  )

const isAsWanted = ({ tunnel }: ObservedLink, { device, remote }: DesiredTunnel): boolean =>
  tunnel?.kind === device && tunnel.remote === remote && tunnel.local === null && tunnel.takesAll !== false

/** Ours that nobody wants, or that somebody changed. */
export const tunnelsLeave = ({ links }: Links, wanted: readonly DesiredTunnel[]): Operation[] =>
  links
    .filter((link) => isOwnTunnel(link) && !wanted.some((one) => one.name === link.name && isAsWanted(link, one)))
    .map(({ name, index }) => ({ kind: 'tunnel-remove', name, index }))

/** Those that are not there, or down, or without the address that a loose rp_filter needs. */
export const tunnelsCome = (host: HostNetwork, wanted: readonly DesiredTunnel[]): Operation[] =>
  wanted.flatMap((one): Operation[] => {
    if (inTheWay(host, one).length > 0) return []
    const { name, device, remote } = one
    const link = host.links.find((known) => known.name === name)
    if (!link || !isAsWanted(link, one)) return [{ kind: 'tunnel-add', name, device, remote }]
    const bare = !isFiltered(one)
    const addressed = host.addresses.some(({ index, address }) => index === link.index && familyOf(address) === 'ipv4')
    if (link.up && (bare || addressed)) return []
    return [{ kind: 'tunnel-up', name, index: link.index, ...(bare ? { bare } : {}) }]
  })

type Gue = Pick<Observed, 'gue'>

/** None before somebody looked: one that is open refuses to be opened again. */
export const gueOpens = ({ gue }: Gue, wanted: readonly TunnelPort[]): Operation[] =>
  gue === undefined ? [] : without(wanted, gue).map((one) => ({ kind: 'gue-open', ...one }))

/** Only those that we opened: a port bears no mark. */
export const gueCloses = ({ gue = [] }: Gue, wanted: readonly TunnelPort[], record: OwnedRecord): Operation[] =>
  without(gue, wanted)
    .filter((one) => record.has(gueKey(one)))
    .map((one) => ({ kind: 'gue-close', ...one }))

const without = (all: readonly TunnelPort[], others: readonly TunnelPort[]): TunnelPort[] =>
  all.filter((one) => !others.some((other) => gueKey(other) === gueKey(one)))

/** Is a look at such ports worth while? */
export const isGueWanted = (wanted: readonly TunnelPort[], record: OwnedRecord): boolean =>
  wanted.length > 0 || [...record.keys()].some((key) => key.startsWith(GUE_KEY))
