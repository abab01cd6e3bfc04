/**
 * Aliases of IPv6 that lost our mark. It stands in the protocol of the address, and whoever changes one by hand takes it off: `ip address change` knows
 * no protocol, and makes the VIP a source of what the node says besides. By the record it is ours all the same, is put there as it should be, and goes with the service; until the machine
 * starts anew. One that was taken away and put there anew is somebody else's: a change leaves the kernel's word of when an address was put there (ifa_cacheinfo,
 * cstamp), which the record has of the one that bore our mark.
 */
import { familyOf, isOwnLabel, MARKS, ownLabel } from '@lvsm/base'
import { hostPrefix } from '@lvsm/model'
import type { Observed, ObservedAddress } from './observed.ts'
import { ALIAS_KEY, BOOT_KEY, type OwnedRecord } from './record.ts'

type Host = Pick<Observed, 'links' | 'addresses'>

/** Where aliases stand, with the label that ours have there: a lease's addresses stand on other interfaces. */
const placesOf = ({ links }: Host): ReadonlyMap<number, string> =>
  new Map(
    links
      .filter(({ loopback, note }) => loopback || note === MARKS.deviceNote)
      .map(({ index, name }) => [index, ownLabel(name)]),
  )
/** Null: it can be none. */
function keyOf({ address, prefix, index }: ObservedAddress, places: ReadonlyMap<number, string>): string | null {
  const label = places.get(index)
  if (label === undefined || familyOf(address) !== 'ipv6' || prefix !== hostPrefix(address)) return null
  return `${ALIAS_KEY}${address} ${label}`
}

/** Of an alias: when it was put there. Records of earlier versions do not say it. */
const CREATED = 'created '
const createdOf = ({ createdAt }: ObservedAddress): ReadonlySet<string> =>
  new Set(createdAt === undefined ? [] : [`${CREATED}${createdAt}`])
/** Is it the one that the record has? */
function isSame(one: ObservedAddress, recorded: ReadonlySet<string> | undefined): boolean {
  if (recorded === undefined) return false
  return one.createdAt === undefined || recorded.size === 0 || recorded.has(`${CREATED}${one.createdAt}`)
}

/** As if they had it, and were to be mended. */
export function withMarks<Seen extends Host>(seen: Seen, record: OwnedRecord): Seen {
  const places = placesOf(seen)
  const lost = (one: ObservedAddress): boolean => {
    const key = isOwnLabel(one.label) ? null : keyOf(one, places)
    return key !== null && isSame(one, record.get(key))
  }
  if (!seen.addresses.some(lost)) return seen
  const addresses = seen.addresses.map((one) =>
    lost(one) ? { ...one, label: places.get(one.index) ?? one.label, preferred: true as const } : one,
  )
  return { ...seen, addresses }
}

/** Of the record: of which start of the machine its aliases are (boot_id). */
const ofBoot = (boot: string): string => `${BOOT_KEY}${boot}`

/**
 * The record as an agent begins with it. Addresses go with each start of the machine: one that stands after another is put there by somebody, and no
 * alias of ours until it bears our mark. `boot`: as the kernel names this start; empty: not known.
 */
export function sinceBoot(record: OwnedRecord, boot: string): OwnedRecord {
  if (boot !== '' && record.has(ofBoot(boot))) return record
  const kept = [...record].filter(([key]) => !key.startsWith(ALIAS_KEY) && !key.startsWith(BOOT_KEY))
  return new Map(boot === '' ? kept : [...kept, [ofBoot(boot), new Set<string>()]])
}

/** Into the record: those that bear our mark; out of it: what stands no more. */
export function rememberAliases(next: Map<string, ReadonlySet<string>>, seen: Host): void {
  const places = placesOf(seen)
  const standing = new Set<string>()
  for (const one of seen.addresses) {
    const key = keyOf(one, places)
    if (key === null) continue
    if (isOwnLabel(one.label)) next.set(key, createdOf(one))
    if (isSame(one, next.get(key))) standing.add(key)
  }
  for (const key of next.keys()) if (key.startsWith(ALIAS_KEY) && !standing.has(key)) next.delete(key)
}
