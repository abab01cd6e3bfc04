/**
 * Codecs as values: a message's shape on the wire reads like its type.
 *
 * Every shape has room to grow, so that nodes of two versions understand each other while a cluster is upgraded: behind its
 * fields each struct carries its *later* fields, each with a tag and a length. A tag that is not known is skipped. A kind
 * that is not known is refused under that name, and counted; a word out of a list that is not known is read as the fallback
 * that its list names. What once had a place or a tag keeps it for ever.
 */
import { Malformed, Reader, UnknownKind, Writer } from './bytes.ts'
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
/** A word out of a list that only grows at its end; one that is not known yet reads as `fallback`, where there is one. */
export const oneOf = <const T extends string>(names: readonly T[], fallback?: T): Codec<T> => ({
  write: (w, v) => w.u8(names.indexOf(v)),
  read(r) {
    const name = names[r.u8()] ?? fallback
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
type OptionalKey<T> = { [Key in keyof T]-?: undefined extends T[Key] ? Key : never }[keyof T]
/** Fields that were there from the first version on. */
type Shape<T> = { readonly [Key in Exclude<keyof T, OptionalKey<T>>]: Codec<T[Key]> }
/** Fields that came later, or may be left out: a tag of the struct's own, 0 to 255, and the codec. */
type Later<T> = { readonly [Key in OptionalKey<T>]-?: readonly [tag: number, Codec<Exclude<T[Key], undefined>>] }
type LaterArgument<T> = [OptionalKey<T>] extends [never] ? [] : [later: Later<T>]

/** Fields in the order in which they are named, then the later ones. */
export const struct = <T extends object>(shape: Shape<T>, ...[later]: LaterArgument<T>): Codec<T> => {
  const fields = Object.entries(shape) as [keyof T, Codec<T[keyof T]>][]
  const added = Object.entries(later ?? {}) as [keyof T, readonly [number, Codec<T[keyof T]>]][]
  const byTag = new Map(added.map(([name, [tag, codec]]) => [tag, { name, codec }]))
  return {
    write(w, v) {
      for (const [name, codec] of fields) codec.write(w, v[name])
      const present = added.filter(([name]) => v[name] !== undefined)
      w.u8(present.length)
      for (const [name, [tag, codec]] of present) {
        const content = encode(codec, v[name])
        w.u8(tag)
        w.u16(content.length)
        w.raw(content)
      }
    },
    read(r) {
      const value = {} as T
      for (const [name, codec] of fields) value[name] = codec.read(r)
      for (let left = r.u8(); left > 0; left--) {
        const known = byTag.get(r.u8())
        const content = new Reader(r.raw(r.u16()))
        if (known) value[known.name] = known.codec.read(content)
        if (known && content.left > 0) throw new Malformed('a later field is longer than it says')
      }
      return value
    },
  }
}
type Tagged = { readonly kind: string }
type Fields<T extends Tagged, Kind extends T['kind']> = Omit<Extract<T, { kind: Kind }>, 'kind'>
type Cases<T extends Tagged> = { readonly [Kind in T['kind']]: readonly [tag: number, Codec<Fields<T, Kind>>] }
/** One byte of tag, then the struct of that kind. */
export const union = <T extends Tagged>(cases: Cases<T>): Codec<T> => {
  const byKind = new Map(Object.entries(cases) as [string, readonly [number, Codec<object>]][])
  const byTag = new Map([...byKind].map(([kind, [tag, codec]]) => [tag, { kind, codec }]))
  return {
    write(w, v) {
      const entry = byKind.get(v.kind)
      if (!entry) throw new UnknownKind(`no codec for ${v.kind}`)
      w.u8(entry[0])
      entry[1].write(w, v)
    },
    read(r) {
      const entry = byTag.get(r.u8())
      if (!entry) throw new UnknownKind('unknown kind')
      return { kind: entry.kind, ...entry.codec.read(r) } as unknown as T
    },
  }
}

export function encode<T>(codec: Codec<T>, value: T): Uint8Array {
  const writer = new Writer()
  codec.write(writer, value)
  return writer.done()
}
export type Read<T> =
  | { readonly ok: true; readonly value: T }
  /** `unknown-kind`: somebody newer said something that this version does not know. */
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown-kind' }

/** Exactly one such value; never throws, whatever the bytes. */
export function read<T>(codec: Codec<T>, bytes: Uint8Array): Read<T> {
  const reader = new Reader(bytes)
  try {
    const value = codec.read(reader)
    return reader.left === 0 ? { ok: true, value } : { ok: false, reason: 'malformed' }
  } catch (error) {
    if (error instanceof UnknownKind) return { ok: false, reason: 'unknown-kind' }
    if (error instanceof Malformed) return { ok: false, reason: 'malformed' }
    throw error
  }
}
/** Null when the bytes are not exactly one such value. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array): T | null {
  const found = read(codec, bytes)
  return found.ok ? found.value : null
}
