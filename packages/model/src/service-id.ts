/**
 * Which virtual service: address, protocol and port, or a firewall mark; and its one text form, which is a key of maps, a line
 * of the record on disk, and what people read: `tcp 10.11.0.10:80`, `udp [2001:db8::1]:53`, `fwmark 7`, `fwmark 7 ipv6`.
 */
import { endpointText, type Family, formatInet, parseInet } from '@lvsm/base'
import { KERNEL_PROTOCOLS, type KernelProtocol, type Protocol, protocolRow } from './tables/index.ts'

/** Of a destination, and of a service beside its protocol. */
export interface Endpoint {
  readonly address: string
  /** 0 to 65535; 0: every port, in services by mark the one that the client asked for. */
  readonly port: number
}
export interface AddressService extends Endpoint {
  readonly protocol: KernelProtocol
}
/** Packets that netfilter marked. IPVS has one such service for each mark and family. */
export interface MarkService {
  /** 1 to 2³² − 1. */
  readonly fwmark: number
  readonly family: Family
}
export type ServiceId = AddressService | MarkService
/** Whatever has a key: `protocol` may be one that this version does not know. */
export type Keyed = (Endpoint & { readonly protocol: string }) | MarkService

export const isMark = (service: object): service is MarkService => 'fwmark' in service

/** Null: a service by mark does not say whose packets they are. */
export const addressOf = (service: ServiceId): string | null => (isMark(service) ? null : service.address)

interface Configured extends Endpoint {
  readonly protocol: Protocol
  readonly fwmark?: number
  readonly family?: Family
}
/** Of a service of the configuration. */
export function serviceId({ fwmark, family, protocol: word, address, port }: Configured): ServiceId {
  if (fwmark !== undefined && family !== undefined) return { fwmark, family }
  const [protocol = 'tcp'] = protocolRow(word).kernel
  return { protocol, address, port }
}

/** A table of ten thousand is gone over again and again: what never changes is spelled once. */
function once<Subject extends object>(textOf: (subject: Subject) => string): (subject: Subject) => string {
  const known = new WeakMap<Subject, string>()
  return (subject) => {
    const before = known.get(subject)
    if (before !== undefined) return before
    const text = textOf(subject)
    known.set(subject, text)
    return text
  }
}

/** A destination as one text. */
export const destKey = once(({ address, port }: Endpoint): string => endpointText(address, port))

export const serviceKey = once((service: Keyed): string =>
  isMark(service)
    ? `fwmark ${service.fwmark}${service.family === 'ipv6' ? ' ipv6' : ''}`
    : `${service.protocol} ${destKey(service)}`,
)

const ENDPOINT = /^(?:([0-9.]+)|\[([0-9a-f:.]+)\]):(0|[1-9][0-9]{0,4})$/
const MARK = /^fwmark ([1-9][0-9]{0,9})( ipv6)?$/

/** Null when the text is none. The address comes back in its usual spelling (RFC 5952). */
export function parseDestKey(text: string): Endpoint | null {
  const [, v4, v6, digits] = ENDPOINT.exec(text) ?? []
  const bytes = parseInet(v4 ?? v6 ?? '')
  const port = Number(digits)
  if (!bytes || bytes.length !== (v4 === undefined ? 16 : 4) || port > 0xffff) return null
  return { address: formatInet(bytes), port }
}

/** Null when the text is none. */
export function parseServiceKey(text: string): ServiceId | null {
  const [, mark, six] = MARK.exec(text) ?? []
  if (mark !== undefined)
    return Number(mark) <= 0xffffffff ? { fwmark: Number(mark), family: six === undefined ? 'ipv4' : 'ipv6' } : null
  const [protocol = '', place = '', ...more] = text.split(' ')
  const endpoint = parseDestKey(place)
  return isKernelProtocol(protocol) && endpoint && more.length === 0 ? { protocol, ...endpoint } : null
}

const isKernelProtocol = (text: string): text is KernelProtocol => Object.hasOwn(KERNEL_PROTOCOLS, text)

/** How `ipvsadm` names it: `-t 10.11.0.10:80`, `-f 7`, `-f 7 -6`. */
export const ipvsadmOption = (service: ServiceId): string =>
  isMark(service)
    ? `-f ${service.fwmark}${service.family === 'ipv6' ? ' -6' : ''}`
    : `${KERNEL_PROTOCOLS[service.protocol].option} ${destKey(service)}`
