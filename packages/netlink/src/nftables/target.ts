/** Where a rule sends what it takes (DNAT, REDIRECT, TPROXY), of nft and of iptables; a map, or a range, has no one answer. */
import type { Attributes } from '../attributes.ts'
import { formatInet } from '../inet.ts'

export interface Target {
  /** Not there: the one that it has. */
  readonly address?: string
  readonly port?: number
  /** An address of this machine. */
  readonly self?: true
}
/** By which registers it goes, as far as it names them. */
export interface Registers {
  readonly address?: number
  readonly port?: number
}
export function registersOf(fields: Attributes, at: { readonly address?: number; readonly port: number }): Registers {
  const [address, port] = [at.address === undefined ? undefined : fields.be32(at.address), fields.be32(at.port)]
  return { ...(address === undefined ? {} : { address }), ...(port === undefined ? {} : { port }) }
}
/** Attributes with a register: of `nat`, `redir` and `tproxy` (linux/netfilter/nf_tables.h). */
export const REGISTERS = { dnat: { address: 3, port: 5 }, redir: { port: 1 }, tproxy: { address: 2, port: 3 } } as const

const numberOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 256 + byte, 0)
const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)
const isSame = (one: Uint8Array, other: Uint8Array): boolean => one.every((byte, at) => byte === other[at])

/** Of nft: `loaded` by register, right before it. Null: something else decides. */
export function targetOfNft(
  name: string,
  { address, port }: Registers,
  loaded: ReadonlyMap<number, Uint8Array>,
): Target | null {
  const [to, at] = [loaded.get(address ?? 0), loaded.get(port ?? 0)]
  if ((address !== undefined && !isAddress(to)) || (port !== undefined && at?.length !== PORT)) return null
  return {
    ...(to ? { address: formatInet(to) } : {}),
    ...(at ? { port: numberOf(at) } : {}),
    ...(name === 'dnat' || to ? {} : { self: true as const }),
  }
}
const PORT = 2
const isAddress = (data: Uint8Array | undefined): boolean => data?.length === 4 || data?.length === 16

/** struct nf_nat_ipv4_multi_range_compat of one range; struct nf_nat_range, and nf_nat_range2. */
const COMPAT = { flags: 4, first: 8, last: 12, ports: 16, length: 20, address: 4 } as const
const RANGE = { flags: 0, first: 4, last: 20, ports: 36, length: 40, address: 16 } as const
/** NF_NAT_RANGE_MAP_IPS, NF_NAT_RANGE_PROTO_SPECIFIED. */
const MAPS = { address: 1, port: 2 } as const

/** Of iptables, by its name and its bytes there. */
export function targetOfIptables(called: string | undefined, info: Uint8Array, family: string): Target | null {
  if (called === 'TPROXY') return ofTproxy(info)
  const at = info.length < RANGE.length ? COMPAT : RANGE
  if (info.length < at.length) return null
  const bytes = (from: number, length: number): Uint8Array => info.subarray(from, from + length)
  const [flags = 0] = bytes(at.flags, 1)
  const [first, last] = [bytes(at.first, at.address), bytes(at.last, at.address)]
  const [low, high] = [bytes(at.ports, PORT), bytes(at.ports + PORT, PORT)]
  const [isTo, isAt] = [(flags & MAPS.address) !== 0, (flags & MAPS.port) !== 0]
  if ((isTo && !isSame(first, last)) || (isAt && !isSame(low, high))) return null
  return {
    ...(isTo ? { address: formatInet(family === 'ip6' ? first : first.subarray(0, 4)) } : {}),
    ...(isAt ? { port: numberOf(low) } : {}),
    ...(called === 'REDIRECT' ? { self: true as const } : {}),
  }
}
/** struct xt_tproxy_target_info, and _v1: two marks, then the address. */
function ofTproxy(info: Uint8Array): Target | null {
  const length = info.length < 32 ? 4 : 16
  const [address, port] = [info.subarray(8, 8 + length), info.subarray(8 + length, 8 + length + PORT)]
  if (port.length < PORT) return null
  return {
    ...(isZero(address) ? { self: true as const } : length === 4 ? { address: formatInet(address) } : {}),
    ...(isZero(port) ? {} : { port: numberOf(port) }),
  }
}
