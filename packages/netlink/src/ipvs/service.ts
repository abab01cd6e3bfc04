/** Virtual services of IPVS. They are told apart by address, port and protocol, or by firewall mark. */
import { type Attributes, attribute, be16, be32, nested, text, u16, u32 } from '../attributes.ts'
import { type Decoded, decoding, Malformed, octets, viewOf } from '../bytes.ts'
import { AF, afOf } from '../inet.ts'
import { FLAG, type Message } from '../message.ts'
import { encodeGeneric, readGeneric } from './generic.ts'
import {
  ATTRIBUTE,
  addressAttribute,
  COMMAND,
  maskOfPrefix,
  nameOf,
  PROTOCOLS,
  prefixOfMask,
  type Protocol,
  readAddress,
  readStats,
  SERVICE_FLAG,
  type Stats,
} from './types.ts'

const SVC = {
  family: 1,
  protocol: 2,
  address: 3,
  port: 4,
  mark: 5,
  scheduler: 6,
  flags: 7,
  timeout: 8,
  netmask: 9,
  stats: 10,
  engine: 11,
  stats64: 12,
} as const

/** Which service. */
export type ServiceName =
  | { readonly kind: 'address'; readonly protocol: Protocol; readonly address: string; readonly port: number }
  | { readonly kind: 'mark'; readonly family: number; readonly mark: number }

export interface ServiceSpec {
  readonly name: ServiceName
  /** `rr`, `wrr`, `wlc`, …: ENOENT when its module is missing. */
  readonly scheduler: string
  /** SERVICE_FLAG of the scheduler and onePacket; persistence is set by its seconds. */
  readonly flags?: number
  /** 0: not persistent. */
  readonly persistenceSeconds?: number
  /** Clients of one network count as one, while persistent: /32 or /128 by default. */
  readonly persistencePrefix?: number
  /** Persistence engine (`sip`), or empty. */
  readonly engine?: string
}

export interface Service extends Required<ServiceSpec> {
  readonly stats: Stats
}

const familyOfName = (name: ServiceName): number => (name.kind === 'mark' ? name.family : afOf(name.address))

/** The attributes by which the kernel finds a service. */
export function nameAttributes(name: ServiceName): Uint8Array[] {
  const family = u16(SVC.family, familyOfName(name))
  if (name.kind === 'mark') return [family, u32(SVC.mark, name.mark)]
  return [
    family,
    u16(SVC.protocol, PROTOCOLS[name.protocol]),
    addressAttribute(SVC.address, name.address),
    be16(SVC.port, name.port),
  ]
}

function flagsAttribute(spec: ServiceSpec): Uint8Array {
  const payload = new Uint8Array(8)
  const persistent = spec.persistenceSeconds ? SERVICE_FLAG.persistent : 0
  viewOf(payload).setUint32(0, (spec.flags ?? 0) | persistent, true)
  viewOf(payload).setUint32(4, 0xffffffff, true)
  return attribute(SVC.flags, payload)
}

function definition(spec: ServiceSpec): Uint8Array {
  const v6 = familyOfName(spec.name) === AF.inet6
  const prefix = spec.persistencePrefix ?? (v6 ? 128 : 32)
  return nested(
    ATTRIBUTE.service,
    ...nameAttributes(spec.name),
    attribute(SVC.scheduler, octets(`${spec.scheduler}\0`)),
    ...(spec.engine ? [text(SVC.engine, spec.engine)] : []),
    flagsAttribute(spec),
    u32(SVC.timeout, spec.persistenceSeconds ?? 0),
    v6 ? u32(SVC.netmask, prefix) : be32(SVC.netmask, maskOfPrefix(prefix)),
  )
}

/** EEXIST when it is there; ENOENT without the scheduler. `family` is the answer to `getFamily('IPVS')`. */
export const newService = (family: number, spec: ServiceSpec): Uint8Array =>
  encodeGeneric(family, COMMAND.newService, FLAG.ack, [definition(spec)])

/** Changes scheduler, flags and persistence; connections stay. ESRCH when it is not there. */
export const setService = (family: number, spec: ServiceSpec): Uint8Array =>
  encodeGeneric(family, COMMAND.setService, FLAG.ack, [definition(spec)])

/** With its destinations. ESRCH when it is not there. */
export const deleteService = (family: number, name: ServiceName): Uint8Array =>
  encodeGeneric(family, COMMAND.deleteService, FLAG.ack, [nested(ATTRIBUTE.service, ...nameAttributes(name))])

/** One service, without its destinations. ESRCH when it is not there. */
export const getService = (family: number, name: ServiceName): Uint8Array =>
  encodeGeneric(family, COMMAND.getService, FLAG.ack, [nested(ATTRIBUTE.service, ...nameAttributes(name))])

export const dumpServices = (family: number): Uint8Array => encodeGeneric(family, COMMAND.getService, FLAG.dump, [])

function readName(attributes: Attributes, family: number): ServiceName {
  const mark = attributes.u32(SVC.mark)
  if (mark !== undefined) return { kind: 'mark', family, mark }
  return {
    kind: 'address',
    protocol: nameOf(PROTOCOLS, attributes.u16(SVC.protocol), 'protocol'),
    address: readAddress(attributes.bytes(SVC.address), family),
    port: attributes.be16(SVC.port) ?? 0,
  }
}

export const decodeService = (message: Message): Decoded<Service> =>
  decoding('service', () => {
    const attributes = readGeneric(message).attributes.nested(ATTRIBUTE.service)
    if (!attributes) throw new Malformed('no IPVS_CMD_ATTR_SERVICE')
    const family = attributes.u16(SVC.family) ?? 0
    const payload = attributes.bytes(SVC.flags)
    const flags = payload && payload.length >= 4 ? viewOf(payload).getUint32(0, true) : 0
    const prefix =
      family === AF.inet6
        ? (attributes.u32(SVC.netmask) ?? 128)
        : prefixOfMask(attributes.be32(SVC.netmask) ?? 0xffffffff)
    return {
      name: readName(attributes, family),
      scheduler: attributes.text(SVC.scheduler) ?? '',
      flags: flags & ~(SERVICE_FLAG.hashed | SERVICE_FLAG.persistent),
      persistenceSeconds: (flags & SERVICE_FLAG.persistent) === 0 ? 0 : (attributes.u32(SVC.timeout) ?? 0),
      persistencePrefix: prefix,
      engine: attributes.text(SVC.engine) ?? '',
      stats: readStats(attributes.nested(SVC.stats64), attributes.nested(SVC.stats)),
    }
  })
