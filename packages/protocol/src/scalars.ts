/** The codecs that are made of no others: numbers, bytes, texts and words. */
import { Malformed, UnknownKind } from './bytes.ts'
import type { Codec } from './codec.ts'
import { decodeText, encodeText } from './text.ts'

export const u8: Codec<number> = { form: { type: 'u8' }, write: (w, v) => w.u8(v), read: (r) => r.u8() }
export const u16: Codec<number> = { form: { type: 'u16' }, write: (w, v) => w.u16(v), read: (r) => r.u16() }
export const u32: Codec<number> = { form: { type: 'u32' }, write: (w, v) => w.u32(v), read: (r) => r.u32() }
export const flag: Codec<boolean> = {
  form: { type: 'flag' },
  write: (w, v) => w.u8(v ? 1 : 0),
  read: (r) => r.u8() !== 0,
}

/** Times in milliseconds and other fractions; never NaN. */
export const number: Codec<number> = {
  form: { type: 'number' },
  write: (w, v) => w.f64(v),
  read(r) {
    const value = r.f64()
    if (Number.isNaN(value)) throw new Malformed('not a number')
    return value
  },
}
/** A length of time between nodes: finite, from nothing to an hour, which is far beyond every lease. */
export const milliseconds: Codec<number> = {
  form: { type: 'milliseconds' },
  write: (w, v) => w.f64(v),
  read(r) {
    const value = r.f64()
    if (!(value >= 0 && value <= LONGEST_MS)) throw new Malformed('not a length of time')
    return value
  },
}
const LONGEST_MS = 3_600_000
/** Whole numbers from 0 to 2^53 − 1: sequence and lease numbers. */
export const counter: Codec<number> = {
  form: { type: 'counter' },
  write: (w, v) => {
    w.u32(Math.floor(v / 0x1_0000_0000))
    w.u32(v >>> 0)
  },
  read(r) {
    const value = r.u32() * 0x1_0000_0000 + r.u32()
    if (!Number.isSafeInteger(value)) throw new Malformed('counter above 2^53')
    return value
  },
}
export const bytes: Codec<Uint8Array> = {
  form: { type: 'bytes' },
  write: (w, v) => {
    w.u32(v.length)
    w.raw(v)
  },
  read: (r) => r.raw(r.u32()),
}
export const text: Codec<string> = {
  form: { type: 'text' },
  write: (w, v) => {
    const encoded = encodeText(v)
    w.u16(encoded.length)
    w.raw(encoded)
  },
  read(r) {
    const value = decodeText(r.raw(r.u16()))
    if (value === null) throw new Malformed('not UTF-8')
    return value
  },
}
const BYTE_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
/** `size` bytes that the program keeps as hexadecimal digits. */
export const hex = (size: number): Codec<string> => ({
  form: { type: 'hex', size },
  write: (w, v) => {
    for (let at = 0; at < size; at++) w.u8(Number.parseInt(v.slice(2 * at, 2 * at + 2), 16) || 0)
  },
  read(r) {
    let digits = ''
    for (let at = 0; at < size; at++) digits += BYTE_DIGITS[r.u8()]
    return digits
  },
})
/** A word out of a list that only grows at its end; one that is not known yet reads as `fallback`, or is an unknown kind where there is none. */
export const oneOf = <const T extends string>(names: readonly T[], fallback?: T): Codec<T> => ({
  form: { type: 'word', names, fallback },
  write: (w, v) => w.u8(names.indexOf(v)),
  read(r) {
    const name = names[r.u8()] ?? fallback
    if (name === undefined) throw new UnknownKind('unknown word')
    return name
  },
})
