/** Pure: questions who has an address, and the claim that a captured frame makes. */
import { addressBytes, isV6, keyOf } from './address.ts'
import type { ClaimKind } from './claims.ts'

const [ICMPV6, SOLICITATION, ADVERTISEMENT, SOLICITED] = [58, 135, 136, 0x40]
const HOP_LIMIT = 255

export const macBytes = (mac: string): number[] => mac.split(':').map((part) => Number.parseInt(part, 16))

const macText = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')

interface Sender {
  readonly mac: string
  readonly address: string
}

/** A question that goes to everybody, or in IPv6 to those whose address ends so; the answer goes to the sender. */
export const whoHas = (target: string, sender: Sender): Uint8Array =>
  isV6(target) ? solicitation(target, sender) : arpRequest(target, sender)

/** RFC 826 request, broadcast. */
function arpRequest(target: string, sender: Sender): Uint8Array {
  const mac = macBytes(sender.mac)
  return Uint8Array.from([
    ...[255, 255, 255, 255, 255, 255],
    ...mac,
    0x08,
    0x06,
    ...[0, 1, 0x08, 0x00, 6, 4, 0, 1],
    ...mac,
    ...addressBytes(sender.address),
    ...[0, 0, 0, 0, 0, 0],
    ...addressBytes(target),
  ])
}

/** RFC 4861, section 4.3, with the sender's hardware address. */
function solicitation(target: string, sender: Sender): Uint8Array {
  const [mac, wanted] = [macBytes(sender.mac), addressBytes(target)]
  const places = [...addressBytes(sender.address), ...addressBytes('ff02::1:ff00:0').slice(0, 13), ...wanted.slice(13)]
  const message = (sum: number): number[] => [
    ...[SOLICITATION, 0, sum >> 8, sum & 255, 0, 0, 0, 0],
    ...wanted,
    ...[1, 1, ...mac],
  ]
  const { length } = message(0)
  const sum = internetSum([...places, 0, 0, 0, length, 0, 0, 0, ICMPV6, ...message(0)])
  return Uint8Array.from([
    ...[0x33, 0x33, 0xff, ...wanted.slice(13)],
    ...mac,
    ...[0x86, 0xdd],
    ...[0x60, 0, 0, 0, 0, length, ICMPV6, HOP_LIMIT],
    ...places,
    ...message(sum),
  ])
}

/** RFC 1071, of an even number of bytes. */
function internetSum(bytes: readonly number[]): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

export interface Seen {
  /** Hardware address in the Ethernet header. */
  readonly mac: string
  /** `keyOf` the claimed address. */
  readonly address: string
  readonly kind: ClaimKind
}

/** What a frame claims: ARP by its sender, neighbour discovery by target or source, IP by its source. Anything else: nothing. */
export function claimIn(frame: Uint8Array): Seen | undefined {
  if (frame.length < 42) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const mac = macText(frame.subarray(6, 12))
  const type = view.getUint16(12)
  if (type === 0x0800) return { mac, address: keyOf(frame.subarray(26, 30)), kind: 'source' }
  if (type === 0x86dd) return claimInV6(frame, mac)
  if (type !== 0x0806) return undefined
  const gratuitous = view.getUint32(38) === view.getUint32(28)
  const kind = view.getUint16(20) === 2 && !gratuitous ? 'answer' : 'announce'
  return { mac, address: keyOf(frame.subarray(28, 32)), kind }
}

function claimInV6(frame: Uint8Array, mac: string): Seen | undefined {
  if (frame.length < 54) return undefined
  const source: Seen = { mac, address: keyOf(frame.subarray(22, 38)), kind: 'source' }
  if (frame[20] !== ICMPV6 || frame.length < 78) return source
  if (frame[54] === SOLICITATION) return { ...source, kind: 'announce' }
  if (frame[54] !== ADVERTISEMENT) return source
  const kind = ((frame[58] ?? 0) & SOLICITED) === 0 ? 'announce' : 'answer'
  return { mac, address: keyOf(frame.subarray(62, 78)), kind }
}
