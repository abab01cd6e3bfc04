/** IPv4 addresses, read strictly: four decimal numbers without leading zeros (010.0.0.1 means 8.0.0.1 to some, so it is refused). */

/** The address as an unsigned 32-bit number, or null when the text is none. */
export function parseAddress(text: string): number | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  let value = 0
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part)) return null
    const octet = Number(part)
    if (octet > 255) return null
    value = value * 256 + octet
  }
  return value
}

export const formatAddress = (value: number): string =>
  [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')

export interface Cidr {
  readonly address: string
  /** 0–32. */
  readonly prefix: number
}

/** `10.11.0.10/24` → address and prefix; null when the text is none. */
export function parseCidr(text: string): Cidr | null {
  const match = /^([0-9.]+)\/(0|[1-9][0-9]?)$/.exec(text)
  if (!match) return null
  const address = match[1] as string
  const prefix = Number(match[2])
  return prefix <= 32 && parseAddress(address) !== null ? { address, prefix } : null
}

const mask = (prefix: number): number => (prefix === 0 ? 0 : (0xffffffff << (32 - prefix)) >>> 0)

/** Number of the network that the address lies in, e.g. 10.11.0.0 as a number. */
export const networkOf = (address: number, prefix: number): number => (address & mask(prefix)) >>> 0

/** Does `address` lie in the network of `cidr`? False when either is no address. */
export function inNetwork(address: string, cidr: Cidr): boolean {
  const one = parseAddress(address)
  const other = parseAddress(cidr.address)
  if (one === null || other === null) return false
  return networkOf(one, cidr.prefix) === networkOf(other, cidr.prefix)
}

/** `10.12.0.254/24` → `10.12.0.0/24`. */
export const networkCidr = (cidr: Cidr): Cidr => ({
  address: formatAddress(networkOf(parseAddress(cidr.address) ?? 0, cidr.prefix)),
  prefix: cidr.prefix,
})

/** Why no host may have this address, or null: zero, loopback, multicast, reserved (RFC 6890). */
export function refuseHostAddress(text: string): string | null {
  const value = parseAddress(text)
  if (value === null) return 'is no IPv4 address'
  const first = value >>> 24
  if (first === 0) return 'lies in 0.0.0.0/8, which no host may use'
  if (first === 127) return 'is a loopback address'
  if (first >= 224 && first < 240) return 'is a multicast address'
  if (first >= 240) return 'is a reserved address'
  return null
}

/** Why a host may not have this address within its own network, or null: network and broadcast address. */
export function refuseInNetwork(cidr: Cidr): string | null {
  const value = parseAddress(cidr.address)
  if (value === null) return 'is no IPv4 address'
  if (cidr.prefix >= 31) return null
  const base = networkOf(value, cidr.prefix)
  if (value === base) return `is the network address of its own /${cidr.prefix}`
  if (value === (base | ~mask(cidr.prefix)) >>> 0) return `is the broadcast address of its own /${cidr.prefix}`
  return null
}
