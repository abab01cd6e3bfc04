/** Frames of netlink: struct nlmsghdr, acknowledgements and their extended text (linux/netlink.h). */
import { Attributes, align4 } from './attributes.ts'
import { concat, type Decoded, decoding, Malformed, viewOf } from './bytes.ts'
import { describeErrno } from './errno.ts'

export const HEADER_LENGTH = 16

export const FLAG = {
  request: 0x1,
  multi: 0x2,
  ack: 0x4,
  echo: 0x8,
  dumpInterrupted: 0x10,
  /** In acknowledgements: the original's payload is not repeated; extended attributes follow. */
  capped: 0x100,
  ackAttributes: 0x200,
  /** For GET. */
  dump: 0x300,
  /** For NEW. */
  replace: 0x100,
  exclusive: 0x200,
  create: 0x400,
  append: 0x800,
  /** For DEL. */
  nonRecursive: 0x100,
} as const

export const TYPE = { noop: 1, error: 2, done: 3, overrun: 4 } as const

export interface Message {
  readonly type: number
  readonly flags: number
  readonly sequence: number
  readonly port: number
  readonly payload: Uint8Array
}

/** A message without a sequence number; the socket stamps one at each send. */
export function encodeMessage(type: number, flags: number, parts: readonly Uint8Array[]): Uint8Array {
  const payload = concat(parts)
  const bytes = new Uint8Array(align4(HEADER_LENGTH + payload.length))
  const view = viewOf(bytes)
  view.setUint32(0, HEADER_LENGTH + payload.length, true)
  view.setUint16(4, type, true)
  view.setUint16(6, flags, true)
  bytes.set(payload, HEADER_LENGTH)
  return bytes
}

export const stampSequence = (message: Uint8Array, sequence: number): void =>
  viewOf(message).setUint32(8, sequence, true)
export const flagsOf = (message: Uint8Array): number => viewOf(message).getUint16(6, true)
export const typeOf = (message: Uint8Array): number => viewOf(message).getUint16(4, true)

/** Every message of one datagram, and what was wrong with the rest of it. */
export function readMessages(bytes: Uint8Array): { readonly messages: Message[]; readonly error?: string } {
  const messages: Message[] = []
  const view = viewOf(bytes)
  let at = 0
  while (at + HEADER_LENGTH <= bytes.length) {
    const length = view.getUint32(at, true)
    if (length < HEADER_LENGTH || at + length > bytes.length)
      return { messages, error: `message at ${at} has length ${length} in ${bytes.length} bytes` }
    messages.push({
      type: view.getUint16(at + 4, true),
      flags: view.getUint16(at + 6, true),
      sequence: view.getUint32(at + 8, true),
      port: view.getUint32(at + 12, true),
      payload: bytes.subarray(at + HEADER_LENGTH, at + length),
    })
    at += align4(length)
  }
  return at < bytes.length ? { messages, error: `${bytes.length - at} bytes left over` } : { messages }
}

export interface Acknowledgement {
  /** 0 is success; positive otherwise. */
  readonly errno: number
  /** `ENOENT`; `OK` for success. */
  readonly code: string
  /** One sentence; with the kernel's own words where it gave some. */
  readonly message: string
  /** The kernel's own words, or empty. */
  readonly detail: string
}

const EXTENDED_TEXT = 1

export const acknowledgement = (errno: number, detail = ''): Acknowledgement => {
  const { code, message } = describeErrno(errno)
  return { errno, code, message: detail ? `${message} (kernel: ${detail})` : message, detail }
}

/** Reads NLMSG_ERROR, and NLMSG_DONE too, which ends a dump with an error number in the same place. */
export function decodeAcknowledgement(message: Message): Decoded<Acknowledgement> {
  return decoding('acknowledgement', () => {
    const { payload, type, flags } = message
    if (payload.length < 4) {
      if (type === TYPE.done) return acknowledgement(0)
      throw new Malformed(`${payload.length} bytes are too few`)
    }
    const errno = Math.abs(viewOf(payload).getInt32(0, true))
    let at = 4
    if (type === TYPE.error) {
      if (payload.length < 4 + HEADER_LENGTH) throw new Malformed('the original header is cut off')
      at = (flags & FLAG.capped) !== 0 ? 4 + HEADER_LENGTH : 4 + align4(viewOf(payload).getUint32(4, true))
    }
    const hasText = (flags & FLAG.ackAttributes) !== 0 && at < payload.length
    return acknowledgement(errno, hasText ? (new Attributes(payload.subarray(at)).text(EXTENDED_TEXT) ?? '') : '')
  })
}
