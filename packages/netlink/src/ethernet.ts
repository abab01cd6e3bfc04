/** Ethernet frames with ARP (RFC 826, RFC 5227). */
import { concat, formatMac, macBytes, need, type Decoded, decoding, Malformed, viewOf } from './bytes.ts'
import { formatInet, inetBytes } from './inet.ts'

export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const
export const BROADCAST_MAC = 'ff:ff:ff:ff:ff:ff'
const NO_MAC = '00:00:00:00:00:00'

export interface ArpPacket {
  readonly operation: 'request' | 'reply'
  readonly senderMac: string
  readonly senderIp: string
  readonly targetMac: string
  readonly targetIp: string
}

export function arpFrame(source: string, destination: string, packet: ArpPacket): Uint8Array {
  const operation = packet.operation === 'request' ? 1 : 2
  return concat([
    macBytes(destination),
    macBytes(source),
    Uint8Array.of(0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, operation),
    macBytes(packet.senderMac),
    inetBytes(packet.senderIp),
    macBytes(packet.targetMac),
    inetBytes(packet.targetIp),
  ])
}

/**
 * Announces that `ip` is at `mac`, to everybody. As a request (what the kernel and arping -U send) or a
 * reply (arping -A); some switches and hosts listen to one of them only, so a burst sends both.
 */
export const gratuitousArp = (mac: string, ip: string, operation: 'request' | 'reply' = 'request'): Uint8Array =>
  arpFrame(mac, BROADCAST_MAC, {
    operation,
    senderMac: mac,
    senderIp: ip,
    targetMac: operation === 'request' ? NO_MAC : BROADCAST_MAC,
    targetIp: ip,
  })

/** Asks whether anybody has `ip` without claiming it (RFC 5227, 2.1.1): the sender's address is zero. */
export const arpProbe = (mac: string, ip: string): Uint8Array =>
  arpFrame(mac, BROADCAST_MAC, {
    operation: 'request',
    senderMac: mac,
    senderIp: '0.0.0.0',
    targetMac: NO_MAC,
    targetIp: ip,
  })

export interface ArpFrame extends ArpPacket {
  readonly source: string
  readonly destination: string
}

export function decodeArpFrame(frame: Uint8Array): Decoded<ArpFrame> {
  return decoding('ARP frame', () => {
    need(frame, 42, 'frame')
    const view = viewOf(frame)
    const operation = view.getUint16(20, false)
    if (
      view.getUint16(12, false) !== ETHERTYPE.arp ||
      view.getUint16(16, false) !== ETHERTYPE.ipv4 ||
      view.getUint16(18, false) !== 0x0604
    )
      throw new Malformed('not ARP for IPv4 over Ethernet')
    if (operation !== 1 && operation !== 2) throw new Malformed(`operation ${operation}`)
    const mac = (at: number): string => formatMac(frame.subarray(at, at + 6))
    const ip = (at: number): string => formatInet(frame.subarray(at, at + 4))
    return {
      destination: mac(0),
      source: mac(6),
      operation: operation === 1 ? 'request' : 'reply',
      senderMac: mac(22),
      senderIp: ip(28),
      targetMac: mac(32),
      targetIp: ip(38),
    }
  })
}
