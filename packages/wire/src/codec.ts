/** Codecs as values: a message's shape on the wire reads like its type. */
import { Malformed, Reader, Writer } from './bytes.ts'
import { decodeText, encodeText } from './text.ts'

export interface Codec<T> {
  write(writer: Writer, value: T): void
  /** Throws Malformed. */
  read(reader: Reader): T
}

export const u8: Codec<number> = { write: (w, v) => w.u8(v), read: (r) => r.u8() }
export const u16: Codec<number> = { write: (w, v) => w.u16(v), read: (r) => r.u16() }
export const u32: Codec<number> = { write: (w, v) => w.u32(v), read: (r) => r.u32() }
export const flag: Codec<boolean> = { write: (w, v) => w.u8(v ? 1 : 0), read: (r) => r.u8() !== 0 }

/** Times in milliseconds and other fractions; never NaN. */
export const number: Codec<number> = {
  write: (w, v) => w.f64(v),
  read(r) {
    const value = r.f64()
    if (Number.isNaN(value)) throw new Malformed('not a number')
    return value
  },
}
/** A length of time between nodes: finite, from nothing to an hour, which is far beyond every lease. */
export const milliseconds: Codec<number> = {
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
  write: (w, v) => {
    w.u32(v.length)
    w.raw(v)
  },
  read: (r) => r.raw(r.u32()),
}
export const text: Codec<string> = {
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
  write: (w, v) => {
    for (let at = 0; at < size; at++) w.u8(Number.parseInt(v.slice(2 * at, 2 * at + 2), 16) || 0)
  },
  read(r) {
    let digits = ''
    for (let at = 0; at < size; at++) digits += BYTE_DIGITS[r.u8()]
    return digits
  },
})
export const oneOf = <const T extends string>(...names: readonly T[]): Codec<T> => ({
  write: (w, v) => w.u8(names.indexOf(v)),
  read(r) {
    const name = names[r.u8()]
    if (name === undefined) throw new Malformed('unknown word')
    return name
  },
})
export const nullable = <T>(inner: Codec<T>): Codec<T | null> => ({
  write: (w, v) => {
    flag.write(w, v !== null)
    if (v !== null) inner.write(w, v)
  },
  read: (r) => (flag.read(r) ? inner.read(r) : null),
})
/** For fields that may be left out. */
export const optional = <T>(inner: Codec<T>): Codec<T | undefined> => ({
  write: (w, v) => {
    flag.write(w, v !== undefined)
    if (v !== undefined) inner.write(w, v)
  },
  read: (r) => (flag.read(r) ? inner.read(r) : undefined),
})
export const list = <T>(inner: Codec<T>): Codec<readonly T[]> => ({
  write: (w, v) => {
    w.u16(v.length)
    for (const item of v) inner.write(w, item)
  },
  read(r) {
    const count = r.u16()
    if (count > r.left) throw new Malformed('list longer than its message')
    return Array.from({ length: count }, () => inner.read(r))
  },
})
export const record = <T>(inner: Codec<T>): Codec<Readonly<Record<string, T>>> => {
  const entries = list<[string, T]>(tuple(text, inner))
  return {
    write: (w, v) => entries.write(w, Object.entries(v)),
    read: (r) => Object.fromEntries(entries.read(r)),
  }
}
const tuple = <A, B>(first: Codec<A>, second: Codec<B>): Codec<[A, B]> => ({
  write: (w, v) => {
    first.write(w, v[0])
    second.write(w, v[1])
  },
  read: (r) => [first.read(r), second.read(r)],
})
type Shape<T> = { readonly [Key in keyof T]-?: Codec<T[Key]> }
/** Fields in the order in which they are named. */
export const struct = <T extends object>(shape: Shape<T>): Codec<T> => {
  const fields = Object.entries(shape) as [keyof T, Codec<T[keyof T]>][]
  return {
    write: (w, v) => {
      for (const [name, codec] of fields) codec.write(w, v[name])
    },
    read(r) {
      const value = {} as T
      for (const [name, codec] of fields) value[name] = codec.read(r)
      return value
    },
  }
}
type Tagged = { readonly kind: string }
type Cases<T extends Tagged> = {
  readonly [Kind in T['kind']]: [tag: number, Shape<Omit<Extract<T, { kind: Kind }>, 'kind'>>]
}
/** One byte of tag, then the fields of that kind. */
export const union = <T extends Tagged>(cases: Cases<T>): Codec<T> => {
  const byKind = new Map<string, { tag: number; codec: Codec<object> }>()
  const byTag = new Map<number, { kind: string; codec: Codec<object> }>()
  for (const [kind, [tag, shape]] of Object.entries(cases) as [string, [number, Shape<object>]][]) {
    const codec = struct<object>(shape)
    byKind.set(kind, { tag, codec })
    byTag.set(tag, { kind, codec })
  }
  return {
    write: (w, v) => {
      const entry = byKind.get(v.kind)
      if (!entry) throw new Malformed(`no codec for ${v.kind}`)
      w.u8(entry.tag)
      entry.codec.write(w, v)
    },
    read(r) {
      const entry = byTag.get(r.u8())
      if (!entry) throw new Malformed('unknown kind')
      return { kind: entry.kind, ...entry.codec.read(r) } as unknown as T
    },
  }
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.done()
}
/** Null when the bytes are not exactly one such value. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T | null {
  const reader = new Reader(bytes)
  try {
    const value = codec.read(reader)
    return reader.left === 0 ? value : null
  } catch (error) {
    if (error instanceof Malformed) return null
    throw error
  }
}
