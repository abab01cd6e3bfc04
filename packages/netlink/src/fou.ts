/** UDP ports on which the kernel unwraps GUE, for whatever tunnel the outer addresses lead to (generic netlink; linux/fou.h, since Linux 4.3). */
import { be16, u8 } from './attributes.ts'
import { type Decoded, decoding, Malformed } from './bytes.ts'
import { AF } from './inet.ts'
import { encodeGeneric, readGeneric } from './ipvs/generic.ts'
import { FLAG, type Message } from './message.ts'

/** Name for `getFamily`. */
export const FOU_FAMILY = 'fou'
const COMMAND = { add: 1, delete: 2, get: 3 } as const
const ATTRIBUTE = { port: 1, family: 2, type: 4 } as const
const GUE = 2

export interface FouPort {
  readonly port: number
  /** AF: each family has its own. */
  readonly af: number
}

/** EADDRINUSE where anybody has the port. */
export const openGue = (family: number, { port, af }: FouPort): Uint8Array =>
  encodeGeneric(family, COMMAND.add, FLAG.ack, [
    be16(ATTRIBUTE.port, port),
    u8(ATTRIBUTE.family, af),
    u8(ATTRIBUTE.type, GUE),
  ])

/** EINVAL where nobody listens so. */
export const closeGue = (family: number, { port, af }: FouPort): Uint8Array =>
  encodeGeneric(family, COMMAND.delete, FLAG.ack, [be16(ATTRIBUTE.port, port), u8(ATTRIBUTE.family, af)])

export const dumpFou = (family: number): Uint8Array => encodeGeneric(family, COMMAND.get, FLAG.dump, [])

/** `gue`: does it unwrap GUE? Ports of other kinds are listed too. */
export const decodeFou = (message: Message): Decoded<FouPort & { readonly gue: boolean }> =>
  decoding('fou port', () => {
    const { attributes } = readGeneric(message)
    const port = attributes.be16(ATTRIBUTE.port)
    if (port === undefined) throw new Malformed('no FOU_ATTR_PORT')
    return { port, af: attributes.u8(ATTRIBUTE.family) ?? AF.inet, gue: attributes.u8(ATTRIBUTE.type) === GUE }
  })
