/** Echo request and echo reply, as `ping` sends and gets them: over IPv4 (RFC 791, RFC 792) and over IPv6 (RFC 4443, section 4). */
import { concat, type Decoded, decoding, Malformed, need, viewOf } from './bytes.ts'
import { formatInet, inetBytes } from './inet.ts'

const IPV4_HEADER = 20
const ICMP_HEADER = 8
const ICMP = 1
const TTL = 64
const TYPE = { reply: 0, request: 8 } as const
const TYPE6 = { reply: 129, request: 128 } as const
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

type Message = Pick<Echo, 'id' | 'sequence' | 'payload'>
/** Without its checksum. */
function icmpMessage(type: number, { id, sequence, payload }: Message): Uint8Array {
  const message = concat([new Uint8Array(ICMP_HEADER), payload])
  const view = viewOf(message)
  view.setUint8(0, type)
  view.setUint16(4, id)
  view.setUint16(6, sequence)
  return message
}
function readMessage(message: Uint8Array, type: number): Message {
  need(message, ICMP_HEADER, 'ICMP header')
  const view = viewOf(message)
  if (view.getUint8(0) !== type || view.getUint8(1) !== 0) throw new Malformed(`type ${message[0]} code ${message[1]}`)
  return {
    id: view.getUint16(4),
    sequence: view.getUint16(6),
    payload: new Uint8Array(message.subarray(ICMP_HEADER)),
  }
}

/** For a raw socket of ICMPv6: header and checksum are the kernel's (RFC 3542, section 3.1), and so is the source address. */
export const echoRequest6 = (echo: Message): Uint8Array => icmpMessage(TYPE6.request, echo)
/** What such a socket gets: the message without its header, its checksum looked at by the kernel. */
export const decodeEchoReply6 = (message: Uint8Array): Decoded<Message> =>
  decoding('echo reply', () => readMessage(message, TYPE6.reply))

/**
 * A whole packet, for a raw socket with IP_HDRINCL (man 7 raw): the kernel fills in identification and checksum of the
 * IPv4 header, and where `source` is null the source address of its choice.
 */
export function echoRequest(echo: Omit<Echo, 'source'> & { readonly source: string | null }): Uint8Array {
  const message = icmpMessage(TYPE.request, echo)
  viewOf(message).setUint16(2, checksum(message))
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
    const found = readMessage(message, TYPE.reply)
    if (checksum(message) !== 0) throw new Malformed('a wrong checksum')
    return {
      source: formatInet(packet.subarray(12, 16)),
      destination: formatInet(packet.subarray(16, 20)),
      ...found,
    }
  })
}

type Bpf = readonly (readonly [code: number, jt: number, jf: number, k: number])[]
/** `load`: 16 bits at an offset into the ICMP header. */
const repliesTo = (load: number, type: number, id: number): Bpf => [
  // Type and code; identifier.
  [load, 0, 0, 0],
  [0x15, 0, 3, type << 8],
  [load, 0, 0, 4],
  [0x15, 0, 1, id],
  [0x06, 0, 0, 0xffffffff],
  [0x06, 0, 0, 0],
]

/** Classic BPF (man 7 socket) for a raw ICMP socket: passes echo replies with this identifier, and nothing else. */
export const echoRepliesTo = (id: number): Bpf => [
  // X = length of the IPv4 header.
  [0xb1, 0, 0, 0],
  ...repliesTo(0x48, TYPE.reply, id),
]

/** The same for one of ICMPv6, which gets no header. */
export const echoReplies6To = (id: number): Bpf => repliesTo(0x28, TYPE6.reply, id)
