/**
 * Internet addresses of both families. An address is its usual text (RFC 5952), so that equal texts are equal addresses, in
 * JSON, in maps and on the wire alike; its family and bytes are asked for where they count, and what differs between
 * families are columns of `FAMILIES`.
 */
import { canonicalAddress, type Family, familyOf, formatInet, invariant, parseInet, sameBits } from '@lvsm/base'
import { FAMILIES, type FamilyRow } from './tables/families.ts'
import { namesOf } from './tables/table.ts'

export interface Cidr {
  readonly address: string
  /** 0 to the bits of the address's family. */
  readonly prefix: number
}
const rowOf = (address: string): FamilyRow => FAMILIES[familyOf(address)]

/** Prefix length of a single host: 32 or 128. */
export const hostPrefix = (address: string): number => rowOf(address).bits

/** Prefix length that most networks have: 24 or 64. */
export const usualPrefix = (address: string): number => rowOf(address).usual

/** `10.11.0.10/24` → address and prefix; null when the text is none. */
export function parseCidr(text: string): Cidr | null {
  const [, address = '', digits] = /^([^/]+)\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? []
  const prefix = Number(digits)
  return parseInet(address) && prefix <= hostPrefix(address) ? { address, prefix } : null
}

/** The address with the bits after the prefix all 0 or all 1; null when it is none. */
function filled({ address, prefix }: Cidr, fill: 0 | 0xff): string | null {
  const bytes = parseInet(address)
  if (!bytes) return null
  return formatInet(
    bytes.map((byte, at) => {
      const kept = Math.min(8, Math.max(0, prefix - 8 * at))
      const mask = (0xff << (8 - kept)) & 0xff
      return (byte & mask) | (fill & ~mask)
    }),
  )
}

/** `10.12.0.254/24` → `10.12.0.0/24`. */
export function networkCidr(cidr: Cidr): Cidr {
  const address = filled(cidr, 0)
  invariant(address !== null, `${cidr.address} is an address`)
  return { address, prefix: cidr.prefix }
}

/** Does `address` lie in the network of `cidr`? False when either is no address, or of another family. */
export function inNetwork(address: string, cidr: Cidr): boolean {
  const [one, other] = [parseInet(address), parseInet(cidr.address)]
  return one !== undefined && other !== undefined && sameBits(one, other, cidr.prefix)
}

/** Why no host may have this address, or null (RFC 6890, RFC 4291). */
export function refuseHostAddress(address: string): string | null {
  const bytes = parseInet(address)
  if (!bytes) return 'is no internet address'
  return UNUSABLE[familyOf(address)].find(({ network, prefix }) => sameBits(bytes, network, prefix))?.why ?? null
}

interface Unusable {
  readonly network: Uint8Array
  readonly prefix: number
  readonly why: string
}
const unusableOf = ({ unusable }: FamilyRow): readonly Unusable[] =>
  unusable.flatMap(([text, why]) => {
    const cidr = parseCidr(text)
    const network = parseInet(cidr?.address ?? '')
    return cidr && network ? [{ network, prefix: cidr.prefix, why }] : []
  })
/** Read once: a configuration has thousands of addresses. */
const UNUSABLE: Readonly<Record<Family, readonly Unusable[]>> = {
  ipv4: unusableOf(FAMILIES.ipv4),
  ipv6: unusableOf(FAMILIES.ipv6),
}

/** Why a host may not have this address within its own network, or null: the first and the last of it may be taken. */
export function refuseInNetwork(cidr: Cidr): string | null {
  const [first, last] = [filled(cidr, 0), filled(cidr, 0xff)]
  if (first === null) return 'is no internet address'
  const row = rowOf(cidr.address)
  if (cidr.prefix >= row.pointToPoint) return null
  const own = `of its own /${cidr.prefix}`
  if (cidr.address === first) return `is the ${row.first} ${own}`
  return row.last !== null && cidr.address === last ? `is the ${row.last} ${own}` : null
}

export interface AddressFault {
  readonly code: string
  /** What follows the address in a sentence. */
  readonly message: string
  readonly hint: string
}

const ROWS: readonly FamilyRow[] = namesOf(FAMILIES).map((name) => FAMILIES[name])

/** `[2001:db8::10]`, and the same with a port: as addresses stand where a port may follow (RFC 3986, section 3.2.2). */
function withoutBrackets(text: string): string | null {
  const [, inner = '', port] = /^\[([^\]]*)\](:\d+)?$/.exec(text) ?? []
  if (!parseInet(inner)) return null
  return `write ${inner}, without brackets${port === undefined ? '' : '; the port has a key of its own'}`
}

const TITLES = ROWS.map(({ title }) => title).join(' or ')
/** Why a configuration may not name this address, or null: it is none, or not in its usual spelling. */
export function refuseAddress(text: string): AddressFault | null {
  const cidr = parseCidr(text)
  const bare = withoutBrackets(text)
  if (!parseInet(text))
    return {
      code: 'bad-address',
      message: `is no ${TITLES} address`,
      hint: bare ?? (cidr ? `write ${cidr.address}, without a prefix length` : ROWS.map(({ hint }) => hint).join('; ')),
    }
  const usual = canonicalAddress(text)
  if (usual === text) return null
  return { code: 'bad-address', message: `is not written as usual`, hint: `write ${usual}` }
}

/** The same of an address with a prefix length, as it shall stand on an interface. */
export function refuseCidr(text: string): AddressFault | null {
  const [address = ''] = text.split('/')
  const fault = parseInet(address) ? refuseAddress(address) : null
  if (fault) return fault
  if (parseCidr(text)) return null
  const { message } = refuseAddress('') ?? { message: '' }
  const { shownBy, usual } = rowOf(text)
  const hint = parseInet(text)
    ? `write it with the prefix length of its network (${shownBy}): ${text}/${usual}?`
    : 'write the address as it shall stand on the interface, e.g. 10.11.0.10/24'
  return { code: 'bad-address', message: `${message} with a prefix length`, hint }
}
