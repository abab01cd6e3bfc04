/** Timeouts, version and connection synchronisation of IPVS. All per network namespace. */
import { attribute, nested, text, u16, u32, u8 } from '../attributes.ts'
import { type Decoded, decoding, Malformed } from '../bytes.ts'
import { formatInet, inetBytes } from '../inet.ts'
import { FLAG, type Message } from '../message.ts'
import { encodeGeneric, readGeneric } from './generic.ts'
import { ATTRIBUTE, COMMAND, nameOf } from './types.ts'

const DAEMON = { state: 1, interface: 2, syncId: 3, longest: 4, group: 5, group6: 6, port: 7, ttl: 8 } as const
const INFO = { version: 1, tableSize: 2 } as const
const STATES = { master: 1, backup: 2 } as const

export interface Timeouts {
  /** Seconds: established TCP, TCP after FIN, UDP. */
  readonly tcpSeconds: number
  readonly tcpFinSeconds: number
  readonly udpSeconds: number
}

export const getTimeouts = (family: number): Uint8Array => encodeGeneric(family, COMMAND.getConfig, FLAG.ack, [])

/** A value of 0 leaves that one as it is. EINVAL for more than the kernel can count. */
export const setTimeouts = (family: number, timeouts: Timeouts): Uint8Array =>
  encodeGeneric(family, COMMAND.setConfig, FLAG.ack, [
    u32(ATTRIBUTE.timeoutTcp, timeouts.tcpSeconds),
    u32(ATTRIBUTE.timeoutTcpFin, timeouts.tcpFinSeconds),
    u32(ATTRIBUTE.timeoutUdp, timeouts.udpSeconds),
  ])

export const decodeTimeouts = (message: Message): Decoded<Timeouts> =>
  decoding('timeouts', () => {
    const { attributes } = readGeneric(message)
    return {
      tcpSeconds: attributes.u32(ATTRIBUTE.timeoutTcp) ?? 0,
      tcpFinSeconds: attributes.u32(ATTRIBUTE.timeoutTcpFin) ?? 0,
      udpSeconds: attributes.u32(ATTRIBUTE.timeoutUdp) ?? 0,
    }
  })

export interface Info {
  /** `1.2.1`. */
  readonly version: string
  /** Buckets of the connection table. */
  readonly tableSize: number
}

export const getInfo = (family: number): Uint8Array => encodeGeneric(family, COMMAND.getInfo, FLAG.ack, [])

export const decodeInfo = (message: Message): Decoded<Info> =>
  decoding('info', () => {
    const { attributes } = readGeneric(message)
    const version = attributes.u32(INFO.version) ?? 0
    return {
      version: `${version >> 16}.${(version >> 8) & 0xff}.${version & 0xff}`,
      tableSize: attributes.u32(INFO.tableSize) ?? 0,
    }
  })

/** A synchronisation daemon: `master` sends connections, `backup` receives them. */
export interface SyncDaemon {
  readonly state: keyof typeof STATES
  readonly interface: string
  /** 0–255; one for each cluster. A backup with 0 takes those of every id. */
  readonly syncId: number
  /** Bytes of a datagram, without headers: a master sends what it has when the next connection does not fit. The kernel's default: 1472. */
  readonly longest?: number
  /** Multicast address; the kernel's default: 224.0.0.81. */
  readonly group?: string
  /** UDP port; the kernel's default: 8848. */
  readonly port?: number
  /** The kernel's default: 1. */
  readonly ttl?: number
}
/** As the kernel tells of one that runs: since Linux 4.3 with everything. */
export type RunningDaemon = Required<SyncDaemon>

const given = <T>(value: T | undefined, encode: (value: T) => Uint8Array): Uint8Array[] =>
  value === undefined ? [] : [encode(value)]

/** EEXIST when one of that state runs; ENODEV without the interface; EINVAL for a group that is no multicast address. */
export const newDaemon = (family: number, daemon: SyncDaemon): Uint8Array =>
  encodeGeneric(family, COMMAND.newDaemon, FLAG.ack, [
    nested(
      ATTRIBUTE.daemon,
      u32(DAEMON.state, STATES[daemon.state]),
      text(DAEMON.interface, daemon.interface),
      u32(DAEMON.syncId, daemon.syncId),
      ...given(daemon.longest, (bytes) => u16(DAEMON.longest, bytes)),
      ...given(daemon.group, groupAttribute),
      ...given(daemon.port, (port) => u16(DAEMON.port, port)),
      ...given(daemon.ttl, (ttl) => u8(DAEMON.ttl, ttl)),
    ),
  ])

function groupAttribute(address: string): Uint8Array {
  const bytes = inetBytes(address)
  return attribute(bytes.length === 4 ? DAEMON.group : DAEMON.group6, bytes)
}

/** ESRCH when none of that state runs. */
export const deleteDaemon = (family: number, state: SyncDaemon['state']): Uint8Array =>
  encodeGeneric(family, COMMAND.deleteDaemon, FLAG.ack, [nested(ATTRIBUTE.daemon, u32(DAEMON.state, STATES[state]))])

export const dumpDaemons = (family: number): Uint8Array => encodeGeneric(family, COMMAND.getDaemon, FLAG.dump, [])

export const decodeDaemon = (message: Message): Decoded<RunningDaemon> =>
  decoding('daemon', () => {
    const attributes = readGeneric(message).attributes.nested(ATTRIBUTE.daemon)
    if (!attributes) throw new Malformed('no IPVS_CMD_ATTR_DAEMON')
    const group = attributes.bytes(DAEMON.group) ?? attributes.bytes(DAEMON.group6)
    return {
      state: nameOf(STATES, attributes.u32(DAEMON.state), 'a daemon of state'),
      interface: attributes.text(DAEMON.interface) ?? '',
      syncId: attributes.u32(DAEMON.syncId) ?? 0,
      longest: attributes.u16(DAEMON.longest) ?? 0,
      group: group === undefined ? '' : formatInet(group),
      port: attributes.u16(DAEMON.port) ?? 0,
      ttl: attributes.u8(DAEMON.ttl) ?? 0,
    }
  })
