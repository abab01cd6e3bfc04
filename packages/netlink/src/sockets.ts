/** Who listens, and how many wait to be accepted: sockets of this network namespace (man 7 sock_diag; linux/inet_diag.h). */
import { Attributes } from './attributes.ts'
import { type Decoded, decoding, need, viewOf } from './bytes.ts'
import { AF, formatInet } from './inet.ts'
import { encodeMessage, FLAG, type Message } from './message.ts'

const BY_FAMILY = 20
const REQUEST = 56
const ANSWER = 72
const ONLY_V6 = 11
const NUMBER = { tcp: 6, udp: 17 } as const
export type SocketProtocol = keyof typeof NUMBER
/** net/tcp_states.h: one that listens; a datagram socket that is connected to nobody has the state of a closed one. */
const WAITING = { tcp: 10, udp: 7 } as const satisfies Readonly<Record<SocketProtocol, number>>

/** Who waits for connections or datagrams, of one protocol and family. */
export function dumpWaiting(protocol: SocketProtocol, family: 'inet' | 'inet6'): Uint8Array {
  const request = new Uint8Array(REQUEST)
  const view = viewOf(request)
  view.setUint8(0, AF[family])
  view.setUint8(1, NUMBER[protocol])
  view.setUint32(4, 1 << WAITING[protocol], true)
  return encodeMessage(BY_FAMILY, FLAG.request | FLAG.dump, [request])
}

export interface WaitingSocket {
  /** `::` may be all addresses of both families: `onlyV6`. */
  readonly address: string
  readonly port: number
  /** Of TCP: connections that nobody has accepted yet; of UDP: bytes that nobody has read. */
  readonly queue: number
  /** Of TCP: beyond so many the kernel drops what else comes (tcp_v4_syn_recv_sock, sk_acceptq_is_full). */
  readonly most: number
  readonly onlyV6: boolean
}

const MAPPED = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff)
/** An IPv4 address that a socket of IPv6 listens at is one of IPv4 (RFC 4291, section 2.5.5.2). */
const addressOf = (bytes: Uint8Array): string =>
  formatInet(bytes.length > 4 && MAPPED.every((byte, at) => bytes[at] === byte) ? bytes.subarray(MAPPED.length) : bytes)

export const decodeWaiting = (message: Message): Decoded<WaitingSocket> =>
  decoding('socket', () => {
    const bytes = need(message.payload, ANSWER, 'inet_diag_msg')
    const view = viewOf(bytes)
    const v6 = bytes[0] === AF.inet6
    return {
      address: addressOf(bytes.subarray(8, v6 ? 24 : 12)),
      port: view.getUint16(4),
      queue: view.getUint32(56, true),
      most: view.getUint32(60, true),
      onlyV6: v6 && new Attributes(message.payload.subarray(ANSWER)).u8(ONLY_V6) === 1,
    }
  })

const GROUP = 21
/** The control group that it was made in, by its number; empty: the kernel does not tell (before 5.8). */
export const socketGroup = ({ payload }: Pick<Message, 'payload'>): string => {
  const number = decoding('socket', () => new Attributes(payload.subarray(ANSWER)).u64(GROUP))
  return number.ok && number.value !== undefined ? String(number.value) : ''
}

const NUMBER_AT = 68
/** As /proc/PID/fd names it. */
export const socketNumber = ({ payload }: Pick<Message, 'payload'>): string =>
  payload.length < ANSWER ? '' : String(viewOf(payload).getUint32(NUMBER_AT, true))
