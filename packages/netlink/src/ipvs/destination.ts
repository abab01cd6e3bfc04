/** Destinations (realservers) of a virtual service. They are told apart by address and port. */
import { type Attributes, be16, nested, u16, u32, u8 } from '../attributes.ts'
import { type Decoded, decoding, Malformed } from '../bytes.ts'
import { afOf } from '../inet.ts'
import { FLAG, type Message } from '../message.ts'
import { encodeGeneric, readGeneric } from './generic.ts'
import { nameAttributes, type ServiceName } from './service.ts'
import {
  ATTRIBUTE,
  addressAttribute,
  COMMAND,
  type Forward,
  FORWARDS,
  nameOf,
  readAddress,
  readStats,
  type Stats,
  type Tunnel,
  tunnelNumber,
  tunnelOf,
  TUNNELS,
} from './types.ts'

const DEST = {
  address: 1,
  port: 2,
  forward: 3,
  weight: 4,
  upper: 5,
  lower: 6,
  active: 7,
  inactive: 8,
  persistent: 9,
  stats: 10,
  family: 11,
  stats64: 12,
  tunnelType: 13,
  tunnelPort: 14,
} as const

export interface DestinationName {
  readonly address: string
  /** The service's own with dr and tun; 0 in services by mark. */
  readonly port: number
}

export interface DestinationSpec extends DestinationName {
  readonly forward: Forward
  /** Of `tun`; not there: ipip. */
  readonly tunnel?: Tunnel
  /** UDP, of gue; not there: 0. */
  readonly tunnelPort?: number
  /** 0: no new connections; those that are there go on. */
  readonly weight: number
  /** Connections at which it gets no new ones, and below which it gets some again; 0: no limit. */
  readonly upperThreshold?: number
  readonly lowerThreshold?: number
}

export interface Destination extends Required<Omit<DestinationSpec, 'tunnel' | 'tunnelPort'>> {
  /** Of `tun` alone. */
  readonly tunnel?: Tunnel
  /** Of gue alone. */
  readonly tunnelPort?: number
  readonly activeConnections: number
  readonly inactiveConnections: number
  readonly persistentConnections: number
  readonly stats: Stats
}

const nameOfDestination = ({ address, port }: DestinationName): Uint8Array[] => [
  addressAttribute(DEST.address, address),
  be16(DEST.port, port),
  u16(DEST.family, afOf(address)),
]

const definition = (spec: DestinationSpec): Uint8Array =>
  nested(
    ATTRIBUTE.destination,
    ...nameOfDestination(spec),
    u32(DEST.forward, FORWARDS[spec.forward]),
    u32(DEST.weight, spec.weight),
    u32(DEST.upper, spec.upperThreshold ?? 0),
    u32(DEST.lower, spec.lowerThreshold ?? 0),
    ...(spec.forward === 'tun'
      ? [u8(DEST.tunnelType, tunnelNumber(spec.tunnel ?? 'ipip')), be16(DEST.tunnelPort, spec.tunnelPort ?? 0)]
      : []),
  )

const encode = (family: number, command: number, service: ServiceName, destination: Uint8Array): Uint8Array =>
  encodeGeneric(family, command, FLAG.ack, [nested(ATTRIBUTE.service, ...nameAttributes(service)), destination])

/** EEXIST when it is there; ESRCH without the service; ERANGE for weights and thresholds. */
export const newDestination = (family: number, service: ServiceName, spec: DestinationSpec): Uint8Array =>
  encode(family, COMMAND.newDestination, service, definition(spec))

/** Changes forwarding, weight and thresholds; connections stay. ENOENT when it is not there. */
export const setDestination = (family: number, service: ServiceName, spec: DestinationSpec): Uint8Array =>
  encode(family, COMMAND.setDestination, service, definition(spec))

/** ENOENT when it is not there. */
export const deleteDestination = (family: number, service: ServiceName, name: DestinationName): Uint8Array =>
  encode(family, COMMAND.deleteDestination, service, nested(ATTRIBUTE.destination, ...nameOfDestination(name)))

/** Of one service. Empty, without an error, where there is no such service. */
export const dumpDestinations = (family: number, service: ServiceName): Uint8Array =>
  encodeGeneric(family, COMMAND.getDestination, FLAG.dump, [nested(ATTRIBUTE.service, ...nameAttributes(service))])

function readTunnel(attributes: Attributes): Pick<Destination, 'tunnel' | 'tunnelPort'> {
  const tunnel = tunnelOf(attributes.u8(DEST.tunnelType) ?? TUNNELS.ipip)
  return tunnel === 'gue' ? { tunnel, tunnelPort: attributes.be16(DEST.tunnelPort) ?? 0 } : { tunnel }
}

function readDestination(attributes: Attributes): Omit<Destination, 'stats'> {
  const count = (type: number): number => attributes.u32(type) ?? 0
  const forward = nameOf(FORWARDS, count(DEST.forward) & 7, 'forwarding method')
  return {
    address: readAddress(attributes.bytes(DEST.address), attributes.u16(DEST.family) ?? 2),
    port: attributes.be16(DEST.port) ?? 0,
    forward,
    ...(forward === 'tun' ? readTunnel(attributes) : {}),
    weight: attributes.i32(DEST.weight) ?? 0,
    upperThreshold: count(DEST.upper),
    lowerThreshold: count(DEST.lower),
    activeConnections: count(DEST.active),
    inactiveConnections: count(DEST.inactive),
    persistentConnections: count(DEST.persistent),
  }
}
function destinationIn(message: Message): Attributes {
  const attributes = readGeneric(message).attributes.nested(ATTRIBUTE.destination)
  if (!attributes) throw new Malformed('no IPVS_CMD_ATTR_DEST')
  return attributes
}

export const decodeDestination = (message: Message): Decoded<Destination> =>
  decoding('destination', () => {
    const attributes = destinationIn(message)
    return {
      ...readDestination(attributes),
      stats: readStats(attributes.nested(DEST.stats64), attributes.nested(DEST.stats)),
    }
  })

/** Without what it has counted, which is most of the work. */
export const decodeDestinationState = (message: Message): Decoded<Omit<Destination, 'stats'>> =>
  decoding('destination', () => readDestination(destinationIn(message)))
