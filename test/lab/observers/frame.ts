/** Pure: ARP frames, and the claim that a captured frame makes. */
import type { ClaimKind } from './claims.ts'

export const addressBytes = (address: string): number[] => address.split('.').map(Number)

export const addressNumber = (address: string): number =>
  addressBytes(address).reduce((number, byte) => number * 256 + byte, 0)

export const macBytes = (mac: string): number[] => mac.split(':').map((part) => Number.parseInt(part, 16))

const macText = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')

/** RFC 826 request, broadcast. */
export function whoHas(target: string, sender: { readonly mac: string; readonly address: string }): Uint8Array {
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

export interface Seen {
  /** Hardware address in the Ethernet header. */
  readonly mac: string
  /** Claimed IPv4 address as a number. */
  readonly address: number
  readonly kind: ClaimKind
}

/** What a frame claims: ARP by its sender address, IPv4 by its source. Anything else: nothing. */
export function claimIn(frame: Uint8Array): Seen | undefined {
  if (frame.length < 42) return undefined
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  const mac = macText(frame.subarray(6, 12))
  const type = view.getUint16(12)
  if (type === 0x0800) return { mac, address: view.getUint32(26), kind: 'source' }
  if (type !== 0x0806) return undefined
  const address = view.getUint32(28)
  const gratuitous = view.getUint32(38) === address
  return { mac, address, kind: view.getUint16(20) === 2 && !gratuitous ? 'answer' : 'announce' }
}
