/** Internet addresses as text and as bytes in network order. Strict: `010.0.0.1` is nobody's address. */
import { invariant } from './invariant.ts'

const [DOT, ZERO] = [0x2e, 0x30]

/** Character by character: a configuration of thousands of realservers is read at every change of it, each address several times. */
function parseV4(address: string): Uint8Array | undefined {
  const bytes = new Uint8Array(4)
  let [at, value] = [0, -1]
  for (let index = 0; index < address.length; index++) {
    const code = address.charCodeAt(index)
    if (code === DOT) {
      if (value < 0 || at === 3) return undefined
      bytes[at++] = value
      value = -1
      continue
    }
    const digit = code - ZERO
    // After a zero that leads comes no digit.
    if (digit < 0 || digit > 9 || value === 0) return undefined
    value = value < 0 ? digit : value * 10 + digit
    if (value > 255) return undefined
  }
  if (at !== 3 || value < 0) return undefined
  bytes[3] = value
  return bytes
}

/** `last`: the address ends here, and may end in an IPv4 address (RFC 4291, section 2.2.3). */
function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return []
  const parts = text.split(':')
  const v4 = last ? parseV4(parts.at(-1) ?? '') : undefined
  const groups: number[] = []
  for (const part of v4 ? parts.slice(0, -1) : parts) {
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return v4 ? [...groups, ...pairs(v4)] : groups
}
const pairs = ([a = 0, b = 0, c = 0, d = 0]: Uint8Array): number[] => [(a << 8) | b, (c << 8) | d]

function parseV6(address: string): Uint8Array | undefined {
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = [parseGroups(halves[0] ?? '', halves.length === 1), parseGroups(halves[1] ?? '', true)]
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  return Uint8Array.from(
    [...head, ...new Array<number>(missing).fill(0), ...tail].flatMap((one) => [one >> 8, one & 255]),
  )
}

/** The same few addresses are asked for again and again, at every step of an agent. */
const parsed = new Map<string, Uint8Array>()
const MOST = 4096
/** 4 or 16 bytes, which nobody may change, or undefined for anything that is not an address. */
export function parseInet(address: string): Uint8Array | undefined {
  const known = parsed.get(address)
  if (known !== undefined) return known
  const bytes = address.includes(':') ? parseV6(address) : parseV4(address)
  if (parsed.size >= MOST) parsed.clear()
  if (bytes !== undefined) parsed.set(address, bytes)
  return bytes
}

/** `10.11.0.0/16`, or an address, which is a network of itself; undefined for anything else. */
export function networkOf(text: string): { readonly address: Uint8Array; readonly length: number } | undefined {
  const [words = '', digits, ...more] = text.split('/')
  const address = parseInet(words)
  if (!address || more.length > 0) return undefined
  const longest = address.length * 8
  const length = digits === undefined ? longest : /^\d{1,3}$/.test(digits) ? Number(digits) : -1
  return length >= 0 && length <= longest ? { address, length } : undefined
}

/** Is all of the other one, an address or a network, in this network? Nothing is in what is neither. */
export function covers(network: string, other: string): boolean {
  if (network === other) return true
  // Asked for many pairs of rules, of which hardly any names a network.
  if (!network.includes('/')) return false
  const [one, two] = [networkOf(network), networkOf(other)]
  if (!one || !two || one.address.length !== two.address.length || two.length < one.length) return false
  const [whole, rest] = [one.length >> 3, one.length & 7]
  if (one.address.some((byte, at) => at < whole && byte !== two.address[at])) return false
  const differs = (one.address[whole] ?? 0) ^ (two.address[whole] ?? 0)
  return rest === 0 || differs >> (8 - rest) === 0
}

export type Family = 'ipv4' | 'ipv6'

/** Of an address; text that is none has no family worth asking for. */
export const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4')

/** Text of 4 or 16 bytes; the longest run of zero groups is `::` (RFC 5952). */
export function formatInet(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  invariant(bytes.length === 16, 'an address has 4 or 16 bytes')
  const groups = Array.from({ length: 8 }, (_, at) => ((bytes[2 * at] ?? 0) << 8) | (bytes[2 * at + 1] ?? 0))
  let [start, length] = [-1, 1]
  for (let at = 0; at < 8; at++) {
    let end = at
    while (end < 8 && groups[end] === 0) end++
    if (end - at > length) [start, length] = [at, end - at]
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

/** ::ffff:0:0/96, an IPv4 address in the clothes of IPv6 (RFC 4291, section 2.5.5.2). */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

/**
 * The one spelling of an address: what two texts for the same address have in common. Text that is no address stays as
 * it is, so that it can still be told apart from any other.
 */
export function canonicalAddress(text: string): string {
  const bytes = parseInet(text)
  if (!bytes) return text
  const mapped = bytes.length === 16 && MAPPED.every((byte, at) => bytes[at] === byte)
  return formatInet(mapped ? bytes.slice(MAPPED.length) : bytes)
}

/** Address and port as one text; brackets tell where an IPv6 address ends (RFC 3986, section 3.2.2). */
export const endpointText = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/**
 * Where a machine listens, as people write it: `10.0.0.1`, `10.0.0.1:7446`, `2001:db8::1`, `[2001:db8::1]:7446`. Null for all else:
 * names of hosts, and the address of nobody in particular (0.0.0.0, ::), at which nobody can be reached.
 */
export function parseEndpoint(text: string, usualPort: number): { host: string; port: number } | null {
  const [, bracketed, plain, digits] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain ?? text
  const port = digits === undefined ? usualPort : Number(digits)
  const isReachable = parseInet(host)?.some((byte) => byte !== 0) === true
  return isReachable && port >= 1 && port <= 65_535 ? { host, port } : null
}

/** Are they of one family, and their first bits the same? */
export function sameBits(one: Uint8Array, other: Uint8Array, bits: number): boolean {
  if (one.length !== other.length) return false
  const whole = bits >> 3
  for (let at = 0; at < whole; at++) if (one[at] !== other[at]) return false
  const left = bits & 7
  return left === 0 || ((one[whole] ?? 0) ^ (other[whole] ?? 0)) >> (8 - left) === 0
}
