/** Echo request and echo reply over IPv4, as `ping` sends and gets them (RFC 791, RFC 792). */
import { concat, type Decoded, decoding, Malformed, need, viewOf } from './bytes.ts'
import { formatInet, inetBytes } from './inet.ts'

const IPV4_HEADER = 20
const ICMP_HEADER = 8
const ICMP = 1
const TTL = 64
const TYPE = { reply: 0, request: 8 } as const
const ANY = '0.0.0.0'

export interface Echo {
  readonly source: string
  readonly destination: string
  /** 16 bits: of the process that asks. */
  readonly id: number
  /** 16 bits. */
  readonly sequence: number
  /** Comes back unchanged. */
  readonly payload: Uint8Array
}

/** The internet checksum (RFC 1071): 0 for bytes that hold their own. */
export function checksum(bytes: Uint8Array): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function icmpMessage(type: number, { id, sequence, payload }: Echo): Uint8Array {
  const message = concat([new Uint8Array(ICMP_HEADER), payload])
  const view = viewOf(message)
  view.setUint8(0, type)
  view.setUint16(4, id)
  view.setUint16(6, sequence)
  view.setUint16(2, checksum(message))
  return message
}

/**
 * A whole packet, for a raw socket with IP_HDRINCL (man 7 raw): the kernel fills in identification and checksum of the
 * IPv4 header, and where `source` is null the source address of its choice.
 */
export function echoRequest(echo: Omit<Echo, 'source'> & { readonly source: string | null }): Uint8Array {
  const message = icmpMessage(TYPE.request, { ...echo, source: ANY })
  const header = new Uint8Array(IPV4_HEADER)
  const view = viewOf(header)
  view.setUint8(0, 0x45)
  view.setUint16(2, IPV4_HEADER + message.length)
  view.setUint8(8, TTL)
  view.setUint8(9, ICMP)
  header.set(inetBytes(echo.source ?? ANY), 12)
  header.set(inetBytes(echo.destination), 16)
  return concat([header, message])
}

/** An IPv4 packet as a raw socket gets it: whole, reassembled, its header checked by the kernel. */
export function decodeEchoReply(packet: Uint8Array): Decoded<Echo> {
  return decoding('echo reply', () => {
    need(packet, IPV4_HEADER, 'IPv4 header')
    const headerLength = ((packet[0] ?? 0) & 15) * 4
    if ((packet[0] ?? 0) >> 4 !== 4 || headerLength < IPV4_HEADER) throw new Malformed('not an IPv4 header')
    if (packet[9] !== ICMP) throw new Malformed(`protocol ${packet[9]}`)
    const message = packet.subarray(headerLength)
    need(message, ICMP_HEADER, 'ICMP header')
    const view = viewOf(message)
    if (view.getUint8(0) !== TYPE.reply || view.getUint8(1) !== 0)
      throw new Malformed(`type ${message[0]} code ${message[1]}`)
    if (checksum(message) !== 0) throw new Malformed('a wrong checksum')
    return {
      source: formatInet(packet.subarray(12, 16)),
      destination: formatInet(packet.subarray(16, 20)),
      id: view.getUint16(4),
      sequence: view.getUint16(6),
      payload: new Uint8Array(message.subarray(ICMP_HEADER)),
    }
  })
}

/** Classic BPF (man 7 socket) for a raw ICMP socket: passes echo replies with this identifier, and nothing else. */
export const echoRepliesTo = (id: number): readonly (readonly [number, number, number, number])[] => [
  // X = length of the IPv4 header; type and code; identifier.
  [0xb1, 0, 0, 0],
  [0x48, 0, 0, 0],
  [0x15, 0, 3, TYPE.reply << 8],
  [0x48, 0, 0, 4],
  [0x15, 0, 1, id],
  [0x06, 0, 0, 0xffffffff],
  [0x06, 0, 0, 0],
]
