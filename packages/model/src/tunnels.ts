/** The realserver's side of tunnelling: whose packets it unwraps, and for which addresses. */
import { type Family, familyOf, parseInet } from '@lvsm/base'
import type { Config } from './config.ts'
import { type Tunnel, tunnelOver } from './tables/index.ts'

export interface TunnelEnd {
  readonly tunnel: Tunnel
  /** A director's own address: the outer source of what it sends. */
  readonly remote: string
}

/** A UDP port on which packets of one family come wrapped. */
export interface TunnelPort {
  readonly family: Family
  readonly port: number
}

interface Tunnelled {
  /** In their order. */
  readonly tunnelPorts: readonly TunnelPort[]
  readonly tunnels: readonly TunnelEnd[]
  readonly tunnelled: readonly { readonly address: string; readonly tunnel: Tunnel }[]
}

/**
 * IPVS gives the outer header the address that the director's route to the realserver has as its source: one of those that the
 * director has on its links, and which of them its routes decide. So the realserver takes all of them of the service's family, and no others.
 */
export function tunnelsTo({ nodes, groups, services }: Config, node: string): Tunnelled {
  const ends = new Map<string, TunnelEnd>()
  const addresses = new Map<string, Tunnel>()
  const ports = new Map<string, TunnelPort>()
  for (const { address, group, realservers } of services)
    for (const { node: server, tunnel, tunnelPort } of realservers) {
      if (server !== node || tunnel === undefined) continue
      const family = familyOf(address)
      if (tunnelPort !== undefined) ports.set(`${family} ${tunnelPort}`, { family, port: tunnelPort })
      const before = addresses.get(address)
      if (before === undefined || tunnelOver(before, family).overhead < tunnelOver(tunnel, family).overhead)
        addresses.set(address, tunnel)
      const directors = groups.find(({ name }) => name === group)?.directors ?? []
      const remotes = nodes.filter(({ name }) => directors.includes(name)).flatMap(({ links }) => links)
      for (const { address: remote } of remotes)
        if (familyOf(remote) === family) ends.set(`${tunnel} ${remote}`, { tunnel, remote })
    }
  const byText = <T>([one]: readonly [string, T], [other]: readonly [string, T]): number => (one < other ? -1 : 1)
  return {
    tunnelPorts: [...ports.values()].toSorted(
      (one, other) => one.port - other.port || (one.family < other.family ? -1 : 1),
    ),
    tunnels: [...ends].toSorted(byText).map(([, end]) => end),
    tunnelled: [...addresses].toSorted(byText).map(([address, tunnel]) => ({ address, tunnel })),
  }
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0')
/** FNV-1a of 32 bits: addresses that differ in one byte alone never have the same. */
const digest = (bytes: Uint8Array): number =>
  bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 0x01_00_01_93) >>> 0, 0x81_1c_9d_c5)

/**
 * `lvsm-i0a0b0001`: the letter of the type, and the director's address in hexadecimal digits; one of IPv6 has more of them than a name
 * of an interface may have, so it is told by a digest.
 */
export function tunnelDeviceName(tunnel: Tunnel, remote: string): string {
  const bytes = parseInet(remote) ?? new Uint8Array(4)
  const { letter } = tunnelOver(tunnel, familyOf(remote))
  return `lvsm-${letter}${bytes.length === 4 ? [...bytes].map((byte) => hex(byte, 2)).join('') : hex(digest(bytes), 8)}`
}
