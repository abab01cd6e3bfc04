/** What a service speaks. */

export interface ProtocolRow {
  /** IANA's number, in packets. */
  readonly number: number
  /** How `ipvsadm` names a service of it. */
  readonly option: string
  /** Connections begin with a SYN, and are refused and broken off with a RST (RFC 9293): rules of nftables match by its flags. */
  readonly handshake: boolean
}

export const PROTOCOLS = {
  tcp: { number: 6, option: '-t', handshake: true },
} as const satisfies Readonly<Record<string, ProtocolRow>>

export type Protocol = keyof typeof PROTOCOLS
