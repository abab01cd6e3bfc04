/**
 * What marks an object in the kernel as ours: whatever does not bear its mark is somebody else's, and is never changed. Here
 * and not in the model, because the lease process reads the marks and no configuration. IPVS keeps no mark: the agent keeps a
 * record instead (packages/plan).
 */
export const MARKS = {
  /** rtm_protocol of routes: 76 ('L') lies in the range that belongs to nobody (linux/rtnetlink.h). */
  routeProtocol: 76,
  /**
   * Tables of answers to clients, and the priorities of the rules (`ip rule`) that lead there, before main (32766): to everybody, and to
   * who is not on the realserver's own networks. The rules bear `routeProtocol` (FRA_PROTOCOL, Linux 4.17).
   */
  answerTables: { everybody: 7600, beyond: 7601 },
  /** Ends the label (IFA_LABEL) of floating addresses and of aliases of IPv4. */
  label: ':lvsm',
  /** IFA_PROTO (kernel 5.18) of those of IPv6, which has no labels: a number that nobody else has (linux/if_addr.h). */
  addressProtocol: 76,
  /** nf_tables table of the fence, in each of its families. */
  fenceTable: 'lvsm',
  /** nf_tables table in front of the heartbeat ports. */
  peersTable: 'lvsm-peers',
  /** nf_tables table of the rules beside IPVS. */
  rulesTable: 'lvsm-nat',
  /** Note (IFLA_IFALIAS) on devices of ours: tunnels, and the dummy device for VIPs. */
  deviceNote: 'lvsm',
  /** Name of that dummy device; no tunnel of ours is called so. */
  vipDevice: 'lvsm-vips',
  /** Address of each tunnel device, for itself alone: without one the kernel takes a loose rp_filter for a strict one. */
  deviceAddress: '127.76.0.1',
  /** Firewall marks of services on several ports: 0x4c000000 ('L') to 0x4cffffff, 24 bits of the service's own (packages/model). */
  serviceMarks: { base: 0x4c_00_00_00, mask: 0x00_ff_ff_ff },
  /** Of checks that go through IPVS: 0x4d000000 to 0x4dffffff. All marks of ours are 0x4c000000 under the mask 0xfe000000. */
  checkMarks: { base: 0x4d_00_00_00, mask: 0x00_ff_ff_ff },
} as const

/** IFNAMSIZ, without the zero at the end: the longest label, in bytes. */
const LONGEST_LABEL = 15

const bytesOf = (character: string): number => {
  const code = character.codePointAt(0) ?? 0
  return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
}

/** Label of our addresses on an interface: `IFNAME:lvsm`, the name cut so that the mark has room. */
export function ownLabel(interfaceName: string): string {
  let room = LONGEST_LABEL - MARKS.label.length
  const kept: string[] = []
  for (const character of interfaceName) {
    room -= bytesOf(character)
    if (room < 0) break
    kept.push(character)
  }
  return kept.join('') + MARKS.label
}

export const isOwnLabel = (label: string): boolean => label.endsWith(MARKS.label)

/** Of an address of an interface, as the kernel tells it: does it bear our mark? */
export const isOwnAddress = ({ label, protocol }: { readonly label: string; readonly protocol: number }): boolean =>
  isOwnLabel(label) || protocol === MARKS.addressProtocol
