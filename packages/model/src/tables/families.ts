/** Families of internet addresses: whatever differs between them. */
import type { Family } from '@lvsm/base'

export interface FamilyRow {
  readonly title: string
  /** Prefix length of a single host. */
  readonly bits: number
  /** With prefix length 0: everybody, the destination of a default route. */
  readonly everybody: string
  /** Of a route that came without one (IPv6: IP6_RT_PRIO_USER). */
  readonly usualMetric: number
  /** Prefix length that most networks have, and the shortest that a floating address may claim. */
  readonly usual: number
  readonly widest: number
  /** The command that shows those of a node. */
  readonly shownBy: string
  /** How to write one, and one with its prefix length. */
  readonly hint: string
  /** What no host has for itself: networks, the narrower first, and a verb phrase each. */
  readonly unusable: readonly (readonly [network: string, why: string])[]
  /** What the first and the last address of a network are; null: addresses like all others. */
  readonly first: string
  readonly last: string | null
  /** The shortest prefix of which even the first and the last address are a host's: links of two nodes. */
  readonly pointToPoint: number
  /** Where directors tell each other of connections, and what such a group may be. */
  readonly syncGroup: string
  readonly multicast: string
}

export const FAMILIES = {
  /** RFC 6890, section 2.2.2; two-node links: RFC 3021. */
  ipv4: {
    title: 'IPv4',
    bits: 32,
    everybody: '0.0.0.0',
    usualMetric: 0,
    usual: 24,
    widest: 16,
    shownBy: 'ip -4 address',
    hint: 'write four decimal numbers without leading zeros, e.g. 10.11.0.10',
    unusable: [
      ['0.0.0.0/8', 'lies in 0.0.0.0/8, which no host may use'],
      ['127.0.0.0/8', 'is a loopback address'],
      ['224.0.0.0/4', 'is a multicast address'],
      ['240.0.0.0/4', 'is a reserved address'],
    ],
    first: 'network address',
    last: 'broadcast address',
    pointToPoint: 31,
    // As ipvsadm, keepalived and the kernel have it: a switch with IGMP snooping lets 224.0.0.0/24 through to every port (RFC 4541, 2.1.2).
    syncGroup: '224.0.0.81',
    multicast: '224.0.0.0/4',
  },
  /** RFC 4291, RFC 6890, section 2.2.3; site-local: RFC 3879; anycast: RFC 4291, 2.6.1; two-node links: RFC 6164. */
  ipv6: {
    title: 'IPv6',
    bits: 128,
    everybody: '::',
    usualMetric: 1024,
    usual: 64,
    widest: 48,
    shownBy: 'ip -6 address',
    hint: 'write it in its short form, e.g. 2001:db8::10',
    unusable: [
      ['::/128', 'is the unspecified address'],
      ['::1/128', 'is the loopback address'],
      ['::/96', 'is an IPv4-compatible address, which nobody uses any more'],
      ['::ffff:0:0/96', 'is an IPv4 address in the form of IPv6'],
      ['64:ff9b::/96', 'is for translation between IPv4 and IPv6'],
      ['100::/64', 'is for packets that are to be discarded'],
      ['fe80::/10', 'is a link-local address, which means nothing beyond its link'],
      ['fec0::/10', 'is a site-local address, which nobody uses any more'],
      ['ff00::/8', 'is a multicast address'],
    ],
    first: 'Subnet-Router anycast address',
    last: null,
    pointToPoint: 127,
    // Nobody's: a group for a while (RFC 4291, 2.7), chosen without anybody who hands them out (RFC 3307, 4.3); its last bytes are those of 224.0.0.81.
    syncGroup: 'ff15::e000:51',
    multicast: 'ff00::/8',
  },
} as const satisfies Readonly<Record<Family, FamilyRow>>
