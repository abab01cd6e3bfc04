/** Which address of its interface the kernel sends messages about connections from: it takes it when the daemon starts, and the other directors let in what comes from the address of the link. */
import { type Family, familyOf, networkOf, sameBits } from '@lvsm/base'
import type { ObservedAddress } from './observed.ts'

/** Addresses come in the kernel's order: of IPv4 the oldest first, of IPv6 the newest. */
export function syncSource(addresses: readonly ObservedAddress[], index: number, family: Family): string | null {
  const able = addresses.filter(
    (one) => one.index === index && familyOf(one.address) === family && one.source !== false,
  )
  // Of IPv4 the first primary one (ip_vs_sync.c, bind_mcastif_addr); of IPv6 as for anything that is sent to the group (RFC 6724, section 5, rule 6).
  return (able.find(({ address }) => family === 'ipv4' || isAsGroups(address)) ?? able[0])?.address ?? null
}

/** Networks of which the kernel prefers no address for a group, where it has another one (RFC 6724, section 2.1: their label is another). */
const APART = ['fc00::/7', '2002::/16', '2001::/32'].flatMap((text) => networkOf(text) ?? [])
function isAsGroups(address: string): boolean {
  const bytes = networkOf(address)?.address
  return bytes !== undefined && !APART.some((network) => sameBits(network.address, bytes, network.length))
}
