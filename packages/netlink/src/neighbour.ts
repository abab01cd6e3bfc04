/** Neighbour discovery over Ethernet, which is to IPv6 what ARP is to IPv4 (RFC 4861, RFC 4862; frames: RFC 2464). */
import { concat, type Decoded, decoding, formatMac, Malformed, macBytes, need, viewOf } from './bytes.ts'
import { ETHERTYPE } from './ethernet.ts'
import { checksum } from './icmp.ts'
import { formatInet, inetBytes } from './inet.ts'

/** Types of ICMPv6. */
export const NEIGHBOUR = { solicitation: 135, advertisement: 136 } as const
const ETHERNET_HEADER = 14
const IPV6_HEADER = 40
const ICMPV6 = 58
/** Of anything less it is from another link, and ignored. */
const HOP_LIMIT = 255
/** "Take this in place of what you know" (RFC 4861, section 4.4). */
const OVERRIDE = 0x20
const TARGET_LINK_LAYER_ADDRESS = 2
const NOBODY = new Uint8Array(16)
const ALL_NODES = inetBytes('ff02::1')

/** Who has the address listens there (RFC 4291, section 2.7.1). */
const solicitedNode = (address: Uint8Array): Uint8Array =>
  concat([inetBytes('ff02::1:ff00:0').subarray(0, 13), address.subarray(13)])

interface Spoken {
  readonly mac: string
  readonly source: Uint8Array
  /** A multicast address. */
  readonly destination: Uint8Array
  readonly message: Uint8Array
}

function frameOf({ mac, source, destination, message }: Spoken): Uint8Array {
  const length = message.length
  const pseudo = concat([source, destination, Uint8Array.of(0, 0, length >> 8, length & 0xff, 0, 0, 0, ICMPV6)])
  viewOf(message).setUint16(2, checksum(concat([pseudo, message])))
  return concat([
    Uint8Array.of(0x33, 0x33),
    destination.subarray(12),
    macBytes(mac),
    Uint8Array.of(ETHERTYPE.ipv6 >> 8, ETHERTYPE.ipv6 & 0xff),
    Uint8Array.of(0x60, 0, 0, 0, length >> 8, length & 0xff, ICMPV6, HOP_LIMIT),
    source,
    destination,
    message,
  ])
}

/**
 * Announces to everybody that `address` is at `mac`: who knows another place of it takes this one (RFC 4861, section 7.2.6).
 * What ARP calls gratuitous is here called unsolicited.
 */
export function unsolicitedAdvertisement(mac: string, address: string): Uint8Array {
  const target = inetBytes(address)
  const message = concat([
    Uint8Array.of(NEIGHBOUR.advertisement, 0, 0, 0, OVERRIDE, 0, 0, 0),
    target,
    Uint8Array.of(TARGET_LINK_LAYER_ADDRESS, 1),
    macBytes(mac),
  ])
  return frameOf({ mac, source: target, destination: ALL_NODES, message })
}

/** Asks whether anybody has `address` without claiming it, as duplicate address detection does (RFC 4862, section 5.4.2). */
export function neighbourProbe(mac: string, address: string): Uint8Array {
  const target = inetBytes(address)
  const message = concat([Uint8Array.of(NEIGHBOUR.solicitation, 0, 0, 0, 0, 0, 0, 0), target])
  return frameOf({ mac, source: NOBODY, destination: solicitedNode(target), message })
}

/** A solicitation or an advertisement; what it says of link-layer addresses is not read: the frame's sender is who speaks. */
export interface NeighbourFrame {
  readonly kind: keyof typeof NEIGHBOUR
  /** Hardware address of who sent the frame. */
  readonly mac: string
  readonly source: string
  readonly destination: string
  readonly target: string
}

export function decodeNeighbourFrame(frame: Uint8Array): Decoded<NeighbourFrame> {
  return decoding('neighbour discovery', () => {
    need(frame, ETHERNET_HEADER + IPV6_HEADER + 24, 'frame')
    const view = viewOf(frame)
    const packet = frame.subarray(ETHERNET_HEADER)
    if (view.getUint16(12) !== ETHERTYPE.ipv6 || (packet[0] ?? 0) >> 4 !== 6) throw new Malformed('not IPv6')
    const length = view.getUint16(ETHERNET_HEADER + 4)
    if (packet[6] !== ICMPV6 || packet[7] !== HOP_LIMIT) throw new Malformed('no ICMPv6 of this link')
    const message = need(packet.subarray(IPV6_HEADER), length, 'message').subarray(0, length)
    need(message, 24, 'message')
    const kind = ([...Object.keys(NEIGHBOUR)] as (keyof typeof NEIGHBOUR)[]).find(
      (name) => NEIGHBOUR[name] === message[0],
    )
    if (!kind || message[1] !== 0) throw new Malformed(`type ${message[0]} code ${message[1]}`)
    const pseudo = concat([packet.subarray(8, 40), Uint8Array.of(0, 0, length >> 8, length & 0xff, 0, 0, 0, ICMPV6)])
    if (checksum(concat([pseudo, message])) !== 0) throw new Malformed('a wrong checksum')
    const address = (bytes: Uint8Array, at: number): string => formatInet(bytes.subarray(at, at + 16))
    return {
      kind,
      mac: formatMac(frame.subarray(6, 12)),
      source: address(packet, 8),
      destination: address(packet, 24),
      target: address(message, 8),
    }
  })
}
