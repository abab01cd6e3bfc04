/** Names and numbers of IPVS (linux/ip_vs.h). */
import { type Attributes, attribute } from '../attributes.ts'
import { Malformed } from '../bytes.ts'
import { AF, formatInet, inetBytes } from '../inet.ts'

/** Name for `getFamily`. */
export const FAMILY = 'IPVS'

export const COMMAND = {
  newService: 1,
  setService: 2,
  deleteService: 3,
  getService: 4,
  newDestination: 5,
  setDestination: 6,
  deleteDestination: 7,
  getDestination: 8,
  newDaemon: 9,
  deleteDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const

export const ATTRIBUTE = {
  service: 1,
  destination: 2,
  daemon: 3,
  timeoutTcp: 4,
  timeoutTcpFin: 5,
  timeoutUdp: 6,
} as const

export const PROTOCOLS = { tcp: 6, udp: 17, sctp: 132 } as const
export type Protocol = keyof typeof PROTOCOLS

export const FORWARDS = { nat: 0, local: 1, tun: 2, dr: 3, bypass: 4 } as const
/** `local`: the director itself serves; the kernel also says it of a `dr` or `nat` destination that is an address of its own. */
export type Forward = keyof typeof FORWARDS

/** How a `tun` destination gets its packets (IP_VS_CONN_F_TUNNEL_TYPE_*, since Linux 5.3; before it, ipip alone). */
export const TUNNELS = { ipip: 0, gue: 1, gre: 2 } as const
/** `type-N`: of a newer kernel. */
export type Tunnel = keyof typeof TUNNELS | `type-${number}`

/** Undefined for what is no name of one. */
export const readTunnel = (text: string): Tunnel | undefined =>
  Object.hasOwn(TUNNELS, text) || /^type-\d{1,3}$/.test(text) ? (text as Tunnel) : undefined

export const tunnelNumber = (tunnel: Tunnel): number =>
  TUNNELS[tunnel as keyof typeof TUNNELS] ?? Number(tunnel.slice('type-'.length))
export const tunnelOf = (number: number): Tunnel =>
  (Object.keys(TUNNELS) as (keyof typeof TUNNELS)[]).find((name) => TUNNELS[name] === number) ?? `type-${number}`

export const SERVICE_FLAG = {
  persistent: 1,
  hashed: 2,
  onePacket: 4,
  scheduler1: 8,
  scheduler2: 16,
  scheduler3: 32,
} as const

/** Per family, counted since the service or destination was made; rates over the last seconds. */
export interface Stats {
  readonly connections: number
  readonly inPackets: number
  readonly outPackets: number
  readonly inBytes: number
  readonly outBytes: number
  readonly connectionsPerSecond: number
  readonly inPacketsPerSecond: number
  readonly outPacketsPerSecond: number
  readonly inBytesPerSecond: number
  readonly outBytesPerSecond: number
}

/** The kernel's address union: always 16 bytes. */
export function addressAttribute(type: number, address: string): Uint8Array {
  const union = new Uint8Array(16)
  union.set(inetBytes(address))
  return attribute(type, union)
}

export function readAddress(bytes: Uint8Array | undefined, family: number): string {
  if (bytes === undefined) throw new Malformed('no address')
  const length = family === AF.inet6 ? 16 : 4
  if (bytes.length < length) throw new Malformed(`an address of ${bytes.length} bytes`)
  return formatInet(bytes.subarray(0, length))
}

/** Reads 64-bit statistics where the kernel has them (4.1), else the 32-bit ones. */
export function readStats(wide: Attributes | undefined, narrow: Attributes | undefined): Stats {
  const at = (type: number): number =>
    wide?.u64(type) ?? (type <= 3 || type >= 6 ? narrow?.u32(type) : narrow?.u64(type)) ?? 0
  return {
    connections: at(1),
    inPackets: at(2),
    outPackets: at(3),
    inBytes: at(4),
    outBytes: at(5),
    connectionsPerSecond: at(6),
    inPacketsPerSecond: at(7),
    outPacketsPerSecond: at(8),
    inBytesPerSecond: at(9),
    outBytesPerSecond: at(10),
  }
}

export const nameOf = <T extends string>(
  table: Readonly<Record<T, number>>,
  number: number | undefined,
  what: string,
): T => {
  const found = (Object.keys(table) as T[]).find((key) => table[key] === number)
  if (found === undefined) throw new Malformed(`${what} ${number}`)
  return found
}

/** Persistence netmask of IPv4, as a number whose first octet is the highest. */
export const maskOfPrefix = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0)
export const prefixOfMask = (mask: number): number => Math.clz32(~mask)
