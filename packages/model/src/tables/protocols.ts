/** What a service speaks. */
import type { CheckType } from './checks.ts'

export interface KernelProtocolRow {
  /** IANA's number, in packets. */
  readonly number: number
  /** How `ipvsadm` names a service of it. */
  readonly option: string
  /** Can an agent see who listens (packages/netlink, sockets)? */
  readonly seen: boolean
}

/** What IPVS knows (ip_vs_proto_*.c). */
export const KERNEL_PROTOCOLS = {
  tcp: { number: 6, option: '-t', seen: true },
  udp: { number: 17, option: '-u', seen: true },
  sctp: { number: 132, option: '--sctp-service', seen: false },
} as const satisfies Readonly<Record<string, KernelProtocolRow>>

export type KernelProtocol = keyof typeof KERNEL_PROTOCOLS

export interface ProtocolRow {
  /** In sentences. */
  readonly title: string
  /** What IPVS knows of it. Several: it is for services on several ports, which IPVS knows by a mark. */
  readonly kernel: readonly KernelProtocol[]
  /** Connections begin with a SYN, and are refused and broken off with a RST (RFC 9293): rules of nftables match by its flags. */
  readonly handshake: boolean
  /** May each packet be scheduled by itself? The kernel heeds the flag for datagrams alone (ip_vs_core.c, `ip_vs_schedule`). */
  readonly onePacket: boolean
  /** How a realserver is checked where nothing is said of it; null: that has to be said. */
  readonly check: CheckType | null
}

export const PROTOCOLS = {
  tcp: { title: 'TCP', kernel: ['tcp'], handshake: true, onePacket: false, check: 'tcp' },
  udp: { title: 'UDP', kernel: ['udp'], handshake: false, onePacket: true, check: 'udp' },
  // No prober speaks it.
  sctp: { title: 'SCTP', kernel: ['sctp'], handshake: false, onePacket: false, check: null },
  'tcp+udp': { title: 'TCP and UDP', kernel: ['tcp', 'udp'], handshake: true, onePacket: false, check: 'tcp' },
} as const satisfies Readonly<Record<KernelProtocol | 'tcp+udp', ProtocolRow>>

export type Protocol = keyof typeof PROTOCOLS

/** One row, with columns of their general type. */
export const protocolRow = (name: Protocol): ProtocolRow => PROTOCOLS[name]

/** The check of a service that says nothing of it: `none` where its protocol has none, or is not known. */
export const usualCheck = (protocol: Protocol | undefined): CheckType =>
  (protocol === undefined ? null : protocolRow(protocol).check) ?? 'none'
