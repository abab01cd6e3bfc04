/**
 * Codecs as values: a message's shape on the wire reads like its type.
 *
 * Every shape has room to grow, so that nodes of two versions understand each other while a cluster is upgraded: behind its
 * fields each struct carries its *later* fields, each with a tag and a length. A tag that is not known is skipped. A kind
 * that is not known is refused under that name, and counted; a word out of a list that is not known is read as the fallback
 * that its list names. What once had a place or a tag keeps it for ever.
 */
import { Malformed, Reader, UnknownKind, Writer } from './bytes.ts'
import { flag, text } from './scalars.ts'

export * from './scalars.ts'

/** A field's tag, or a kind's, and what it carries. */
export type Tagged = readonly [tag: number, codec: Codec<unknown>]
/** What a codec is made of: from this a test derives every value and every way to grow, and a later version its codec. */
export type Form =
  | {
      readonly type: 'u8' | 'u16' | 'u32' | 'flag' | 'number' | 'milliseconds' | 'counter' | 'bytes' | 'text'
    }
  | { readonly type: 'hex'; readonly size: number }
  | { readonly type: 'word'; readonly names: readonly string[]; readonly fallback: string | undefined }
  | { readonly type: 'nullable' | 'list' | 'record'; readonly inner: Codec<unknown> }
  | {
      readonly type: 'struct'
      readonly fields: Readonly<Record<string, Codec<unknown>>>
      readonly later: Readonly<Record<string, Tagged>>
    }
  | { readonly type: 'pair'; readonly first: Codec<unknown>; readonly second: Codec<unknown> }
  | { readonly type: 'union'; readonly cases: Readonly<Record<string, Tagged>> }

export interface Codec<T> {
  readonly form: Form
  write(writer: Writer, value: T): void
  /** Throws Malformed. */
  read(reader: Reader): T
}

export const nullable = <T>(inner: Codec<T>): Codec<T | null> => ({
  form: { type: 'nullable', inner },
  write: (w, v) => {
    flag.write(w, v !== null)
    if (v !== null) inner.write(w, v)
  },
  read: (r) => (flag.read(r) ? inner.read(r) : null),
})
export const list = <T>(inner: Codec<T>): Codec<readonly T[]> => ({
  form: { type: 'list', inner },
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
  const entries = list(pair(text, inner))
  return {
    form: { type: 'record', inner },
    write: (w, v) => entries.write(w, Object.entries(v)),
    read: (r) => Object.fromEntries(entries.read(r)),
  }
}
/** One after the other. What it may grow by stands in its parts. */
export const pair = <A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> => ({
  form: { type: 'pair', first, second },
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
    form: { type: 'struct', fields: { ...shape }, later: { ...later } },
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
type OfKind = { readonly kind: string }
type Fields<T extends OfKind, Kind extends T['kind']> = Omit<Extract<T, { kind: Kind }>, 'kind'>
type Cases<T extends OfKind> = { readonly [Kind in T['kind']]: readonly [tag: number, Codec<Fields<T, Kind>>] }
/** One byte of tag, then the struct of that kind. */
export const union = <T extends OfKind>(cases: Cases<T>): Codec<T> => {
  const byKind = new Map(Object.entries(cases) as [string, readonly [number, Codec<object>]][])
  const byTag = new Map([...byKind].map(([kind, [tag, codec]]) => [tag, { kind, codec }]))
  return {
    form: { type: 'union', cases },
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
