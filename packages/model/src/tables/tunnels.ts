/** In what a director wraps the packets of a realserver that it tunnels to (RFC 2003, RFC 2784, draft-ietf-intarea-gue; linux/ip_vs.h, IP_VS_CONN_F_TUNNEL_TYPE_*). */

export interface TunnelRow {
  /** In sentences. */
  readonly title: string
  /** Bytes in front of the packet, the outer address header included: so much less fits (packages/plan/TRAPS.md, row 4). */
  readonly overhead: number
  /** The kernel's kind of interface that unwraps it, and the module that has it. */
  readonly device: 'ipip' | 'gre'
  readonly module: string
  /** In the name of such an interface of ours, so that two kinds from one director have two names. */
  readonly letter: string
  /** The UDP port that the realserver unwraps it on, unless it says otherwise; null: none. */
  readonly port: number | null
}

export const TUNNELS = {
  ipip: { title: 'IP in IP', overhead: 20, device: 'ipip', module: 'ipip', letter: 'i', port: null },
  gre: { title: 'GRE', overhead: 24, device: 'gre', module: 'ip_gre', letter: 'g', port: null },
  /** In UDP, so that networks spread connections over their paths; a header of 4 bytes behind it, and IP in IP in that. */
  gue: { title: 'GUE', overhead: 32, device: 'ipip', module: 'fou', letter: 'i', port: 6080 },
} as const satisfies Readonly<Record<string, TunnelRow>>

export type Tunnel = keyof typeof TUNNELS

/** Used where a realserver says nothing of its tunnel. */
export const DEFAULT_TUNNEL: Tunnel = 'ipip'
