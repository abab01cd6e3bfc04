/** In what a director wraps the packets of a realserver that it tunnels to (RFC 2003, RFC 2473, RFC 2784, draft-ietf-intarea-gue; linux/ip_vs.h, IP_VS_CONN_F_TUNNEL_TYPE_*). */
import type { Family } from '@lvsm/base'

/** How it is over one family: the kernel wraps a packet in the family in which it came. */
export interface TunnelOver {
  /** Bytes in front of the packet, the outer address header included: so much less fits (packages/plan/TRAPS.md, row 4). */
  readonly overhead: number
  /** The kernel's kind of interface that unwraps it, and the module that has it. */
  readonly device: 'ipip' | 'gre' | 'ip6tnl' | 'ip6gre'
  readonly module: string
  /** In the name of such an interface of ours, so that two kinds from one director have two names. */
  readonly letter: string
}
export interface TunnelRow {
  /** In sentences. */
  readonly title: string
  readonly over: Readonly<Record<Family, TunnelOver>>
  /** The UDP port that the realserver unwraps it on, unless it says otherwise; null: none. */
  readonly port: number | null
}

export const TUNNELS = {
  ipip: {
    title: 'IP in IP',
    over: {
      ipv4: { overhead: 20, device: 'ipip', module: 'ipip', letter: 'i' },
      ipv6: { overhead: 40, device: 'ip6tnl', module: 'ip6_tunnel', letter: 's' },
    },
    port: null,
  },
  gre: {
    title: 'GRE',
    over: {
      ipv4: { overhead: 24, device: 'gre', module: 'ip_gre', letter: 'g' },
      ipv6: { overhead: 44, device: 'ip6gre', module: 'ip6_gre', letter: 'h' },
    },
    port: null,
  },
  /** In UDP, so that networks spread connections over their paths; a header of 4 bytes behind it, and IP in IP in that. */
  gue: {
    title: 'GUE',
    over: {
      ipv4: { overhead: 32, device: 'ipip', module: 'fou', letter: 'i' },
      ipv6: { overhead: 52, device: 'ip6tnl', module: 'fou', letter: 's' },
    },
    port: 6080,
  },
} as const satisfies Readonly<Record<string, TunnelRow>>

export type Tunnel = keyof typeof TUNNELS

/** One row over one family, with columns of their general type. */
export const tunnelOver = (tunnel: Tunnel, family: Family): TunnelOver => TUNNELS[tunnel].over[family]

/** Used where a realserver says nothing of its tunnel. */
export const DEFAULT_TUNNEL: Tunnel = 'ipip'
