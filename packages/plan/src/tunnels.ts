/**
 * Tunnel devices of a realserver (TRAPS.md, row 3): our own, one for each address that a director may send from. Its remote end is
 * that address, so the kernel itself gives it nothing that says to come from anybody else, and the devices of others (`tunl0`, `gre0`,
 * those of a container network) keep what is theirs. What comes out of one has still to pass the rules (`tunnel-rules`).
 */
import { familyOf, MARKS, parseInet } from '@lvsm/base'
import { type ConfigRealserver, DEFAULT_TUNNEL, type NodeView, TUNNELS } from '@lvsm/model'
import type { HostNetwork } from './host-network.ts'
import type { Observed, ObservedLink } from './observed.ts'
import type { Operation } from './operation.ts'
import { GUE_KEY, type OwnedRecord } from './record.ts'
import type { DesiredSysctl } from './sysctls.ts'

export type TunnelDevice = (typeof TUNNELS)[keyof typeof TUNNELS]['device']

export interface DesiredTunnel {
  readonly name: string
  readonly device: TunnelDevice
  readonly remote: string
}
type Links = Pick<HostNetwork, 'links'>

/** `lvsm-i0a0b0001`: the letter of the type, and the director's address in hexadecimal digits. */
const nameOf = (letter: string, remote: string): string =>
  `lvsm-${letter}${[...(parseInet(remote) ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
const OWN_NAME = /^lvsm-[a-z][0-9a-f]{8}$/
/** A setting of such a device. */
export const isOfTunnel = (path: string): boolean => OWN_NAME.test(path.split('/').at(-2) ?? '')

/** One device serves all types that end in its kind. */
export function desiredTunnels({ tunnels }: NodeView): DesiredTunnel[] {
  const all = tunnels.map(({ tunnel, remote }): DesiredTunnel => {
    const { device, letter } = TUNNELS[tunnel]
    return { name: nameOf(letter, remote), device, remote }
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

/**
 * Loose, as the larger value of `all` and the device counts: the way back to a client goes by another interface. The kernel
 * lets such packets in only where the device has an address (net/ipv4/fib_frontend.c, __fib_validate_source).
 */
export const tunnelSysctls = ({ links }: Links, tunnels: readonly DesiredTunnel[]): DesiredSysctl[] =>
  tunnels
    .filter(({ name }) => links.some((link) => link.name === name && isOurs(link)))
    .map(({ name }) => ({
      path: `net/ipv4/conf/${name}/rp_filter`,
      value: '2',
      accept: ['2'],
      why: 'what comes out of the tunnel would be dropped: the way back to its sender is another one',
    }))

const isOurs = ({ name, note }: ObservedLink): boolean => OWN_NAME.test(name) && note === MARKS.deviceNote

/** Devices of others that take what is meant for this one: its name, or its director's packets. */
export const inTheWay = ({ links }: Links, { name, device, remote }: DesiredTunnel): ObservedLink[] =>
  links.filter(
    (link) => !isOurs(link) && (link.name === name || (link.tunnel?.kind === device && link.tunnel.remote === remote)),
  )

const isAsWanted = ({ tunnel }: ObservedLink, { device, remote }: DesiredTunnel): boolean =>
  tunnel?.kind === device && tunnel.remote === remote && tunnel.local === null

/** Ours that nobody wants, or that somebody changed. */
export const tunnelsLeave = ({ links }: Links, wanted: readonly DesiredTunnel[]): Operation[] =>
  links
    .filter((link) => isOurs(link) && !wanted.some((one) => one.name === link.name && isAsWanted(link, one)))
    .map(({ name, index }) => ({ kind: 'tunnel-remove', name, index }))

/** Those that are not there, or down, or without the address that a loose rp_filter needs. */
export const tunnelsCome = (host: HostNetwork, wanted: readonly DesiredTunnel[]): Operation[] =>
  wanted.flatMap((one): Operation[] => {
    if (inTheWay(host, one).length > 0) return []
    const { name, device, remote } = one
    const link = host.links.find((known) => known.name === name)
    if (!link || !isAsWanted(link, one)) return [{ kind: 'tunnel-add', name, device, remote }]
    const addressed = host.addresses.some(({ index, address }) => index === link.index && familyOf(address) === 'ipv4')
    return link.up && addressed ? [] : [{ kind: 'tunnel-up', name, index: link.index }]
  })

type Gue = Pick<Observed, 'gue'>

/** None before somebody looked: one that is open refuses to be opened again. */
export const gueOpens = ({ gue }: Gue, wanted: readonly number[]): Operation[] =>
  gue === undefined ? [] : wanted.filter((port) => !gue.includes(port)).map((port) => ({ kind: 'gue-open', port }))

/** Only those that we opened: a port bears no mark. */
export const gueCloses = ({ gue = [] }: Gue, wanted: readonly number[], record: OwnedRecord): Operation[] =>
  gue
    .filter((port) => !wanted.includes(port) && record.has(GUE_KEY + port))
    .map((port) => ({ kind: 'gue-close', port }))

/** Is a look at such ports worth while? */
export const isGueWanted = (wanted: readonly number[], record: OwnedRecord): boolean =>
  wanted.length > 0 || [...record.keys()].some((key) => key.startsWith(GUE_KEY))
