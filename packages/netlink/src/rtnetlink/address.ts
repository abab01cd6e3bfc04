/** Addresses of interfaces: RTM_NEWADDR, DELADDR, GETADDR (linux/if_addr.h, man 7 rtnetlink). */
import { Attributes, attribute, text, u8, u32 } from '../attributes.ts'
import { type Decoded, decoding, Malformed, need, viewOf } from '../bytes.ts'
import { AF, afOf, formatInet, inetBytes } from '../inet.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'
import { RTM, SCOPE } from './types.ts'

const IFA = { address: 1, local: 2, label: 3, broadcast: 4, cacheInfo: 6, flags: 8, priority: 9, proto: 11 } as const

/** Lifetime without end. */
export const FOREVER = 0xffffffff

export const ADDRESS_FLAG = {
  secondary: 0x01,
  noDad: 0x02,
  dadFailed: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200,
} as const

export interface InterfaceAddress {
  /** Of the interface. */
  readonly index: number
  /** `10.11.0.10` or `fd00::1`: the node's own. */
  readonly local: string
  /** Of the other end on point-to-point links; else equal to `local`. */
  readonly peer: string
  readonly prefix: number
  /** v4 only; at most 15 characters, `eth0:1`. */
  readonly label: string
  /** SCOPE. */
  readonly scope: number
  /** ADDRESS_FLAG. */
  readonly flags: number
  /** IFA_PROTO (kernel 5.18): who made it; 0 where unknown. */
  readonly protocol: number
  readonly broadcast?: string
  /** Metric of the prefix route; 0 is the kernel's choice. */
  readonly priority: number
  /** Seconds, FOREVER without end. */
  readonly preferredSeconds: number
  readonly validSeconds: number
  /** When it was put there: hundredths of a second since the machine started. A change leaves it; not there: the kernel does not say. */
  readonly createdAt?: number
}

/** What an address needs at least; the rest has the kernel's defaults. */
export type AddressSpec = Pick<InterfaceAddress, 'index' | 'local' | 'prefix'> & Partial<InterfaceAddress>

function cacheInfo(preferred: number, valid: number): Uint8Array {
  const payload = new Uint8Array(16)
  viewOf(payload).setUint32(0, preferred, true)
  viewOf(payload).setUint32(4, valid, true)
  return attribute(IFA.cacheInfo, payload)
}

function encodeAddress(type: number, flags: number, spec: AddressSpec): Uint8Array {
  const header = new Uint8Array(8)
  header.set([afOf(spec.local), spec.prefix, (spec.flags ?? 0) & 0xff, spec.scope ?? SCOPE.universe])
  viewOf(header).setUint32(4, spec.index, true)
  const parts = [
    header,
    attribute(IFA.local, inetBytes(spec.local)),
    attribute(IFA.address, inetBytes(spec.peer ?? spec.local)),
  ]
  if (spec.label) parts.push(text(IFA.label, spec.label))
  if (spec.broadcast) parts.push(attribute(IFA.broadcast, inetBytes(spec.broadcast)))
  if (spec.flags) parts.push(u32(IFA.flags, spec.flags))
  if (spec.priority) parts.push(u32(IFA.priority, spec.priority))
  if (spec.protocol) parts.push(u8(IFA.proto, spec.protocol))
  if (spec.validSeconds !== undefined || spec.preferredSeconds !== undefined) {
    const valid = spec.validSeconds ?? FOREVER
    parts.push(cacheInfo(spec.preferredSeconds ?? valid, valid))
  }
  return encodeMessage(type, FLAG.request | FLAG.ack | flags, parts)
}

/** Why an address was refused, as a sentence. EACCES of IPv6: the interface has none (`disable_ipv6`), and kernels before 6.5 do not say so. */
export const addressRefused = (
  { code, message }: { readonly code: string; readonly message: string },
  local: string,
): string =>
  code === 'EACCES' && afOf(local) === AF.inet6
    ? `${message}: IPv6 is switched off on that interface (sysctl -w net.ipv6.conf.INTERFACE.disable_ipv6=0)`
    : message

/** EEXIST when it is there already. ENODEV, EINVAL (prefix), EPERM. */
export const newAddress = (spec: AddressSpec): Uint8Array =>
  encodeAddress(RTM.newAddress, FLAG.create | FLAG.exclusive, spec)

/** Adds, or refreshes lifetimes, metric and protocol of the one that is there (give them all again); its label stays. */
export const replaceAddress = (spec: AddressSpec): Uint8Array =>
  encodeAddress(RTM.newAddress, FLAG.create | FLAG.replace, spec)

/** EADDRNOTAVAIL when it is not there. A label, when given, must match. */
export const deleteAddress = (spec: Pick<AddressSpec, 'index' | 'local' | 'prefix' | 'label'>): Uint8Array =>
  encodeAddress(RTM.deleteAddress, 0, spec)

/** Of all interfaces, or of one (which strict checking in the kernel allows since 4.20). */
export function dumpAddresses(family: number = AF.inet, index = 0): Uint8Array {
  const header = new Uint8Array(8)
  header[0] = family
  viewOf(header).setUint32(4, index, true)
  return encodeMessage(RTM.getAddress, FLAG.request | FLAG.dump, [header])
}

export function decodeAddress(message: Message): Decoded<InterfaceAddress> {
  return decoding('address', () => {
    const header = need(message.payload, 8, 'ifaddrmsg')
    const attributes = new Attributes(message.payload.subarray(8))
    const peer = attributes.bytes(IFA.address)
    const local = attributes.bytes(IFA.local) ?? peer
    if (!local) throw new Malformed('neither IFA_LOCAL nor IFA_ADDRESS')
    const broadcast = attributes.bytes(IFA.broadcast)
    const lifetimes = attributes.bytes(IFA.cacheInfo)
    const lifetime = (at: number): number =>
      lifetimes ? viewOf(need(lifetimes, 16, 'ifa_cacheinfo')).getUint32(at, true) : FOREVER
    return {
      index: viewOf(header).getUint32(4, true),
      local: formatInet(local),
      peer: formatInet(peer ?? local),
      prefix: header[1] ?? 0,
      label: attributes.text(IFA.label) ?? '',
      scope: header[3] ?? 0,
      flags: attributes.u32(IFA.flags) ?? header[2] ?? 0,
      protocol: attributes.u8(IFA.proto) ?? 0,
      ...(broadcast ? { broadcast: formatInet(broadcast) } : {}),
      priority: attributes.u32(IFA.priority) ?? 0,
      preferredSeconds: lifetime(0),
      validSeconds: lifetime(4),
      ...(lifetimes && lifetime(8) > 0 ? { createdAt: lifetime(8) } : {}),
    }
  })
}
