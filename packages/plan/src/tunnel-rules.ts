/**
 * Rules of a realserver that packets come to wrapped:
 *
 * * *devices*, *addresses*: out of a tunnel of ours comes nothing but packets to a VIP that is served so. Whoever sends with a
 *   director's address in front may put into the packet behind it what he likes, from inside addresses to inside addresses; to a
 *   VIP everybody may send anyway, and to those no packet is passed on.
 * * *clamps*: a packet may be as large as the link to the director, its wrapping included (TRAPS.md, row 4). So the realserver
 *   tells clients, in its SYN, of segments that leave room for it: nobody depends on ICMP messages that firewalls drop. In IPv6 no
 *   router makes a packet smaller, and none may ask for less than 1280 bytes (RFC 8200, section 5).
 */
import { type Family, familyOf } from '@lvsm/base'
import { type NodeView, tunnelOver } from '@lvsm/model'
import { type HostNetwork, interfaceFor } from './host-network.ts'
import { desiredTunnels } from './tunnels.ts'

export interface TunnelRules {
  /** Names of tunnel devices. */
  readonly devices: readonly string[]
  readonly addresses: readonly string[]
  /** Largest segment of TCP in bytes, for connections to the address. */
  readonly clamps: readonly { readonly address: string; readonly mss: number }[]
}

/** Headers of IP and TCP without options (RFC 9293, section 3.7.1). */
const HEADERS: Readonly<Record<Family, number>> = { ipv4: 40, ipv6: 60 }
/** Less is no segment: a link with an MTU that small carries nothing useful in a tunnel, and in IPv6 nothing at all. */
const LEAST_MSS: Readonly<Record<Family, number>> = { ipv4: 88, ipv6: 1220 }
/** What clients' networks carry, and what is between directors and realservers that are further away. */
const ETHERNET = 1500

export function tunnelRules(view: NodeView, host: HostNetwork): TunnelRules | null {
  const devices = desiredTunnels(view).map(({ name }) => name)
  if (devices.length === 0) return null
  return {
    devices,
    addresses: view.tunnelled.map(({ address }) => address),
    clamps: view.tunnelled.map(({ address, tunnel }) => {
      const family = familyOf(address)
      const room = smallestMtu(view, host, family) - tunnelOver(tunnel, family).overhead - HEADERS[family]
      return { address, mss: Math.max(LEAST_MSS[family], room) }
    }),
  }
}

/** Of the links to directors. */
function smallestMtu({ tunnels }: NodeView, host: HostNetwork, family: Family): number {
  const remotes = tunnels.filter(({ remote }) => familyOf(remote) === family)
  return Math.min(ETHERNET, ...remotes.map(({ remote }) => interfaceFor(host, remote)?.mtu ?? ETHERNET))
}
