/** Internet addresses as text and as bytes in network order. Strict: `010.0.0.1` is nobody's address. */
import { invariant } from '@lvsm/base'
import { Malformed, viewOf } from './bytes.ts'

/** AF_INET and AF_INET6, as rtnetlink and IPVS spell them. */
export const AF = { unspecified: 0, inet: 2, inet6: 10 } as const

const V4_PART = /^(0|[1-9][0-9]{0,2})$/

function parseV4(address: string): Uint8Array | undefined {
  const parts = address.split('.')
  if (parts.length !== 4 || !parts.every((part) => V4_PART.test(part) && Number(part) <= 255)) return undefined
  return Uint8Array.from(parts, Number)
}

function parseGroups(text: string): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  for (const part of text.split(':')) {
    if (!/^[0-9a-f]{1,4}$/i.test(part)) return undefined
    groups.push(Number.parseInt(part, 16))
  }
  return groups
}

function parseV6(address: string): Uint8Array | undefined {
  const halves = address.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = [parseGroups(halves[0] ?? ''), parseGroups(halves[1] ?? '')]
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const bytes = new Uint8Array(16)
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  groups.forEach((group, i) => viewOf(bytes).setUint16(2 * i, group, false))
  return bytes
}

/** 4 or 16 bytes, or undefined for anything that is not an address. */
export const parseInet = (address: string): Uint8Array | undefined =>
  address.includes(':') ? parseV6(address) : parseV4(address)

/** As `parseInet`, for addresses that were checked before: a wrong one is a bug. */
export function inetBytes(address: string): Uint8Array {
  const bytes = parseInet(address)
  invariant(bytes !== undefined, `'${address}' is an internet address`)
  return bytes
}

export const familyOf = (address: string): number => (address.includes(':') ? AF.inet6 : AF.inet)

/** Text of 4 or 16 bytes; the longest run of zero groups is `::` (RFC 5952). */
export function formatInet(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) throw new Malformed(`an address of ${bytes.length} bytes`)
  const groups = Array.from({ length: 8 }, (_, i) => viewOf(bytes).getUint16(2 * i, false))
  let [start, length] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let j = i
    while (j < 8 && groups[j] === 0) j++
    if (j - i > length) [start, length] = [i, j - i]
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}
