/** Generic netlink: finding a family's number (linux/genetlink.h). */
import { Attributes, text } from '../attributes.ts'
import { type Decoded, decoding, Malformed, need } from '../bytes.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'

const CONTROL = 16
const GET_FAMILY = 3
const FAMILY = { id: 1, name: 2 } as const

export const encodeGeneric = (
  family: number,
  command: number,
  flags: number,
  attributes: readonly Uint8Array[],
): Uint8Array => encodeMessage(family, FLAG.request | flags, [Uint8Array.of(command, 1, 0, 0), ...attributes])

/** Asks for a family's number by name. ENOENT when its module is not loaded. */
export const getFamily = (name: string): Uint8Array =>
  encodeGeneric(CONTROL, GET_FAMILY, FLAG.ack, [text(FAMILY.name, name)])

export const decodeFamily = (message: Message): Decoded<number> =>
  decoding('family', () => {
    const id = readGeneric(message).attributes.u16(FAMILY.id)
    if (id === undefined) throw new Malformed('no family number')
    return id
  })

/** Inside of decoders only. */
export function readGeneric(message: Message): { readonly command: number; readonly attributes: Attributes } {
  const header = need(message.payload, 4, 'genlmsghdr')
  return { command: header[0] ?? 0, attributes: new Attributes(message.payload.subarray(4)) }
}
