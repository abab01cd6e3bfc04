/** The realserver's side of tunnelling: whose packets it unwraps, and for which addresses. */
import type { Config } from './config.ts'
import { type Tunnel, TUNNELS } from './tables/index.ts'

export interface TunnelEnd {
  readonly tunnel: Tunnel
  /** A director's own address: the outer source of what it sends. */
  readonly remote: string
}

interface Tunnelled {
  /** UDP ports, in their order. */
  readonly tunnelPorts: readonly number[]
  readonly tunnels: readonly TunnelEnd[]
  readonly tunnelled: readonly { readonly address: string; readonly tunnel: Tunnel }[]
}

/**
 * IPVS gives the outer header the address that the director's route to the realserver has as its source: one of those that the
 * director has on its links, and which of them its routes decide. So the realserver takes all of them, and no others.
 */
export function tunnelsTo({ nodes, groups, services }: Config, node: string): Tunnelled {
  const ends = new Map<string, TunnelEnd>()
  const addresses = new Map<string, Tunnel>()
  const ports = new Set<number>()
  for (const { address, group, realservers } of services)
    for (const { node: server, tunnel, tunnelPort } of realservers) {
      if (server !== node || tunnel === undefined) continue
      if (tunnelPort !== undefined) ports.add(tunnelPort)
      const before = addresses.get(address)
      if (before === undefined || TUNNELS[before].overhead < TUNNELS[tunnel].overhead) addresses.set(address, tunnel)
      const directors = groups.find(({ name }) => name === group)?.directors ?? []
      const remotes = nodes.filter(({ name }) => directors.includes(name)).flatMap(({ links }) => links)
      for (const { address: remote } of remotes) ends.set(`${tunnel} ${remote}`, { tunnel, remote })
    }
  const byText = <T>([one]: readonly [string, T], [other]: readonly [string, T]): number => (one < other ? -1 : 1)
  return {
    tunnelPorts: [...ports].toSorted((one, other) => one - other),
    tunnels: [...ends].toSorted(byText).map(([, end]) => end),
    tunnelled: [...addresses].toSorted(byText).map(([address, tunnel]) => ({ address, tunnel })),
  }
}
