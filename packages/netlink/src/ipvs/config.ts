/** Timeouts, version and connection synchronisation of IPVS. All per network namespace. */
import { nested, text, u32 } from '../attributes.ts'
import { type Decoded, decoding, Malformed } from '../bytes.ts'
import { FLAG, type Message } from '../message.ts'
import { encodeGeneric, readGeneric } from './generic.ts'
import { ATTRIBUTE, COMMAND } from './types.ts'

const DAEMON = { state: 1, interface: 2, syncId: 3 } as const
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
  /** 0–255; one for each cluster. */
  readonly syncId: number
}

/** EEXIST when one of that state runs; ENODEV without the interface. */
export const newDaemon = (family: number, daemon: SyncDaemon): Uint8Array =>
  encodeGeneric(family, COMMAND.newDaemon, FLAG.ack, [
    nested(
      ATTRIBUTE.daemon,
      u32(DAEMON.state, STATES[daemon.state]),
      text(DAEMON.interface, daemon.interface),
      u32(DAEMON.syncId, daemon.syncId),
    ),
  ])

/** ESRCH when none of that state runs. */
export const deleteDaemon = (family: number, state: SyncDaemon['state']): Uint8Array =>
  encodeGeneric(family, COMMAND.deleteDaemon, FLAG.ack, [nested(ATTRIBUTE.daemon, u32(DAEMON.state, STATES[state]))])

export const dumpDaemons = (family: number): Uint8Array => encodeGeneric(family, COMMAND.getDaemon, FLAG.dump, [])

export const decodeDaemon = (message: Message): Decoded<SyncDaemon> =>
  decoding('daemon', () => {
    const attributes = readGeneric(message).attributes.nested(ATTRIBUTE.daemon)
    if (!attributes) throw new Malformed('no IPVS_CMD_ATTR_DAEMON')
    return {
      state: attributes.u32(DAEMON.state) === STATES.backup ? 'backup' : 'master',
      interface: attributes.text(DAEMON.interface) ?? '',
      syncId: attributes.u32(DAEMON.syncId) ?? 0,
    }
  })
