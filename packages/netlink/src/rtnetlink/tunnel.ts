/** Tunnels as network interfaces, of IPv4 in IPv4 and of IPv6 in IPv6: IFLA_INFO_DATA of each kind (linux/if_tunnel.h). */
import { Attributes, attribute, nested, u8 } from '../attributes.ts'
import { octets } from '../bytes.ts'
import { formatInet, inetBytes } from '../inet.ts'

/** Attributes of the outer addresses. */
const ENDS = {
  ipip: { local: 2, remote: 3 },
  gre: { local: 6, remote: 7 },
  ip6tnl: { local: 2, remote: 3 },
  ip6gre: { local: 6, remote: 7 },
} as const
/** Of ip6tnl: which packets it takes (IFLA_IPTUN_PROTO); 0: those of both families. */
const PROTO = 9
const IPV6 = 41
/** Of GRE: which fields packets that come in have (IFLA_GRE_IFLAGS). */
const INPUT_FLAGS = 2
const INFO = { kind: 1, data: 2 } as const

export type TunnelKind = keyof typeof ENDS

/** The outer addresses that it takes and sends; null: any. Without keys, sequence numbers and checksums. */
export interface Tunnel {
  readonly kind: TunnelKind
  readonly local: string | null
  readonly remote: string | null
  /** False: it drops packets that it should carry: of IPv6, or those without a key, number and checksum; not there: it takes all that its kind does. */
  readonly takesAll?: boolean
}

const isKind = (kind: string): kind is TunnelKind => Object.hasOwn(ENDS, kind)

/** What stands in IFLA_LINKINFO. */
export function tunnelInfo({ kind, local, remote }: Tunnel): Uint8Array[] {
  const ends = ENDS[kind]
  return [
    attribute(INFO.kind, octets(kind)),
    nested(
      INFO.data,
      ...(local === null ? [] : [attribute(ends.local, inetBytes(local))]),
      ...(remote === null ? [] : [attribute(ends.remote, inetBytes(remote))]),
      ...(kind === 'ip6tnl' ? [u8(PROTO, IPV6)] : []),
    ),
  ]
}

/** Null for interfaces of other kinds. */
export function readTunnel(info: Attributes | undefined): Tunnel | null {
  const kind = info?.text(INFO.kind) ?? ''
  if (!isKind(kind)) return null
  const data = info?.nested(INFO.data) ?? new Attributes(new Uint8Array())
  const end = (type: number): string | null => {
    const bytes = data.bytes(type)
    return bytes?.some((byte) => byte !== 0) === true ? formatInet(bytes) : null
  }
  const proto = kind === 'ip6tnl' ? (data.u8(PROTO) ?? 0) : 0
  // What has no key, number or checksum does not come to a device of GRE that wants some.
  const wants =
    kind === 'gre' || kind === 'ip6gre' ? (data.bytes(INPUT_FLAGS)?.some((byte) => byte !== 0) ?? false) : false
  const takes = (proto === 0 || proto === IPV6) && !wants ? {} : { takesAll: false }
  return { kind, local: end(ENDS[kind].local), remote: end(ENDS[kind].remote), ...takes }
}
