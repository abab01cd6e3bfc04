/** What a service speaks. */

export interface KernelProtocolRow {
  /** IANA's number, in packets. */
  readonly number: number
  /** How `ipvsadm` names a service of it. */
  readonly option: string
}

/** What IPVS knows (ip_vs_proto_*.c): more than a configuration may ask for. */
export const KERNEL_PROTOCOLS = {
  tcp: { number: 6, option: '-t' },
  udp: { number: 17, option: '-u' },
  sctp: { number: 132, option: '--sctp-service' },
} as const satisfies Readonly<Record<string, KernelProtocolRow>>

export type KernelProtocol = keyof typeof KERNEL_PROTOCOLS

export interface ProtocolRow {
  /** Connections begin with a SYN, and are refused and broken off with a RST (RFC 9293): rules of nftables match by its flags. */
  readonly handshake: boolean
}

export const PROTOCOLS = {
  tcp: { handshake: true },
} as const satisfies Readonly<Partial<Record<KernelProtocol, ProtocolRow>>>

export type Protocol = keyof typeof PROTOCOLS
