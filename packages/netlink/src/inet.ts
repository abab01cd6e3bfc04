/** Internet addresses as the kernel's messages carry them; text and its rules are `base`'s. */
import { type Family, familyOf, formatInet as textOf, invariant, parseInet } from '@lvsm/base'
import { Malformed } from './bytes.ts'

/** AF_INET and AF_INET6, as rtnetlink and IPVS spell them. */
export const AF = { unspecified: 0, inet: 2, inet6: 10 } as const

/** As `parseInet`, for addresses that were checked before: a wrong one is a bug. */
export function inetBytes(address: string): Uint8Array {
  const bytes = parseInet(address)
  invariant(bytes !== undefined, `'${address}' is an internet address`)
  return bytes
}

/** The kernel's number of a family of addresses. */
export const AF_OF = { ipv4: AF.inet, ipv6: AF.inet6 } as const satisfies Readonly<Record<Family, number>>

export const afOf = (address: string): number => AF_OF[familyOf(address)]

/** Text of 4 or 16 bytes; any other length is a malformed message. */
export function formatInet(bytes: Uint8Array): string {
  if (bytes.length !== 4 && bytes.length !== 16) throw new Malformed(`an address of ${bytes.length} bytes`)
  return textOf(bytes)
}
