/** `tcp option maxseg size set`, as attributes of `exthdr`. */
import { type Attributes, be32, u8 } from '../attributes.ts'

const EXTHDR = { type: 2, offset: 3, length: 4, operation: 6, source: 7 } as const
const TCP_OPTION = 1
/** RFC 9293, section 3.2: kind 2, then its length, then 16 bits. */
const MAXSEG = { option: 2, offset: 2, length: 2 } as const

/** From a register. */
export const mssFields = (register: number): readonly Uint8Array[] => [
  u8(EXTHDR.type, MAXSEG.option),
  be32(EXTHDR.offset, MAXSEG.offset),
  be32(EXTHDR.length, MAXSEG.length),
  be32(EXTHDR.operation, TCP_OPTION),
  be32(EXTHDR.source, register),
]
export const setsMss = (fields: Attributes): boolean =>
  fields.be32(EXTHDR.operation) === TCP_OPTION &&
  fields.u8(EXTHDR.type) === MAXSEG.option &&
  fields.be32(EXTHDR.offset) === MAXSEG.offset &&
  fields.be32(EXTHDR.length) === MAXSEG.length &&
  fields.bytes(EXTHDR.source) !== undefined
