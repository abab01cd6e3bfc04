/** Network interfaces: RTM_GETLINK, NEWLINK (linux/if_link.h). */
import { Attributes, attribute, nested, text, u32, u8 } from '../attributes.ts'
import { AF } from '../inet.ts'
import { type Decoded, decoding, formatMac, need, octets, viewOf } from '../bytes.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'
import { readTunnel, type Tunnel, tunnelInfo } from './tunnel.ts'
import { RTM } from './types.ts'

const IFLA = {
  address: 1,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  operstate: 16,
  linkInfo: 18,
  note: 20,
  families: 26,
  extMask: 29,
} as const
const LINK_KIND = 1
/** IFLA_INET6_ADDR_GEN_MODE, and its IN6_ADDR_GEN_MODE_NONE. */
const ADDRESS_GENERATION = 8
const NO_ADDRESS = 1
const SKIP_STATS = 1 << 3

export const LINK_FLAG = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  pointToPoint: 0x10,
  running: 0x40,
  noArp: 0x80,
  lowerUp: 0x10000,
} as const

const OPERSTATES = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'] as const
export type OperState = (typeof OPERSTATES)[number]

export interface Link {
  readonly index: number
  readonly name: string
  /** `02:00:5e:10:00:01`; empty where the link has none (tunnels). */
  readonly mac: string
  /** LINK_FLAG. */
  readonly flags: number
  /** Set up by an administrator, and with a carrier. */
  readonly up: boolean
  readonly carrier: boolean
  readonly operstate: OperState
  readonly mtu: number
  /** ARPHRD: 1 Ethernet, 772 loopback, 768 ipip. */
  readonly hardware: number
  /** `veth`, `bridge`, `bond`, …; empty for plain devices. */
  readonly kind: string
  /** Index of the bridge or bond above it, or 0. */
  readonly master: number
  /** What somebody wrote to it (`ip link set alias`); empty where nobody did. */
  readonly note: string
  /** Null where it is none, or of a kind that is not known here. */
  readonly tunnel: Tunnel | null
}

function header(index: number, flags = 0, change = 0): Uint8Array {
  const bytes = new Uint8Array(16)
  const view = viewOf(bytes)
  view.setInt32(4, index, true)
  view.setUint32(8, flags, true)
  view.setUint32(12, change, true)
  return bytes
}

export const dumpLinks = (): Uint8Array =>
  encodeMessage(RTM.getLink, FLAG.request | FLAG.dump, [header(0), u32(IFLA.extMask, SKIP_STATS)])

/** One interface, by name or index. ENODEV when there is none. */
export const getLink = (which: string | number): Uint8Array =>
  encodeMessage(RTM.getLink, FLAG.request | FLAG.ack, [
    header(typeof which === 'number' ? which : 0),
    ...(typeof which === 'string' ? [text(IFLA.name, which)] : []),
    u32(IFLA.extMask, SKIP_STATS),
  ])

/** Sets an interface up or down. */
export const setLink = (index: number, up: boolean): Uint8Array =>
  encodeMessage(RTM.newLink, FLAG.request | FLAG.ack, [header(index, up ? LINK_FLAG.up : 0, LINK_FLAG.up)])

/** A new interface of a kind without options: `dummy`, `ipip`. EOPNOTSUPP without its module. */
export const newLink = (name: string, kind: string): Uint8Array =>
  encodeMessage(RTM.newLink, FLAG.request | FLAG.ack | FLAG.create | FLAG.exclusive, [
    header(0),
    text(IFLA.name, name),
    attribute(IFLA.linkInfo, attribute(LINK_KIND, octets(kind))),
  ])

/** A new tunnel, down. EEXIST when its name, or a tunnel of this kind between these addresses, is there; EOPNOTSUPP without its module. */
export const newTunnel = (name: string, tunnel: Tunnel): Uint8Array =>
  encodeMessage(RTM.newLink, FLAG.request | FLAG.ack | FLAG.create | FLAG.exclusive, [
    header(0),
    text(IFLA.name, name),
    nested(IFLA.linkInfo, ...tunnelInfo(tunnel)),
  ])

/** Writes a note to the interface of this name, and sets it up. ENODEV when there is none. */
export const markLink = (name: string, note: string): Uint8Array =>
  encodeMessage(RTM.newLink, FLAG.request | FLAG.ack, [
    header(0, LINK_FLAG.up, LINK_FLAG.up),
    text(IFLA.name, name),
    attribute(IFLA.note, octets(note)),
  ])

/** An interface that makes no link-local address of IPv6 for itself when it is set up, and asks no router. */
export const quietLink = (index: number): Uint8Array =>
  encodeMessage(RTM.newLink, FLAG.request | FLAG.ack, [
    header(index),
    nested(IFLA.families, nested(AF.inet6, u8(ADDRESS_GENERATION, NO_ADDRESS))),
  ])

export const deleteLink = (index: number): Uint8Array =>
  encodeMessage(RTM.deleteLink, FLAG.request | FLAG.ack, [header(index)])

export function decodeLink(message: Message): Decoded<Link> {
  return decoding('link', () => {
    const view = viewOf(need(message.payload, 16, 'ifinfomsg'))
    const attributes = new Attributes(message.payload.subarray(16))
    const flags = view.getUint32(8, true)
    const mac = attributes.bytes(IFLA.address)
    return {
      index: view.getInt32(4, true),
      name: attributes.text(IFLA.name) ?? '',
      mac: mac ? formatMac(mac) : '',
      flags,
      up: (flags & LINK_FLAG.up) !== 0,
      carrier: (flags & LINK_FLAG.lowerUp) !== 0,
      operstate: OPERSTATES[attributes.u8(IFLA.operstate) ?? 0] ?? 'unknown',
      mtu: attributes.u32(IFLA.mtu) ?? 0,
      hardware: view.getUint16(2, true),
      kind: attributes.nested(IFLA.linkInfo)?.text(LINK_KIND) ?? '',
      master: attributes.u32(IFLA.master) ?? 0,
      note: attributes.text(IFLA.note) ?? '',
      tunnel: readTunnel(attributes.nested(IFLA.linkInfo)),
    }
  })
}
