import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytes,
  type Codec,
  counter,
  decode,
  encode,
  flag,
  hex,
  list,
  nullable,
  number,
  oneOf,
  record,
  struct,
  text,
  u16,
  u32,
  u8,
  union,
} from './codec.ts'

type Shape = { readonly kind: 'dot' } | { readonly kind: 'line'; readonly from: number; readonly to: number | null }
const shape = union<Shape>({ line: [7, struct({ from: u16, to: nullable(u8) })], dot: [200, struct({})] })
const person = struct<{ name: string; age: number }>({ name: text, age: u8 })
const grown = struct<{ age: number; hat?: number }>({ age: u8 }, { hat: [5, u16] })
const word = oneOf(['yes', 'no', 'perhaps'])

const hexBytes = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((value) => Buffer.from(value).toString('hex'))
const anyShape: fc.Arbitrary<Shape> = fc.oneof(
  fc.constant({ kind: 'dot' as const }),
  fc.record({ kind: fc.constant('line' as const), from: fc.nat(0xffff), to: fc.option(fc.nat(0xff)) }),
)
const utf8 = fc.string({ unit: fc.constantFrom('a', 'é', '€', '𝄞', '\0', '__proto__') })
/** Every codec with the values that it is for. */
const CODECS: readonly [name: string, codec: Codec<never>, values: fc.Arbitrary<unknown>][] = (
  [
    ['u8', u8, fc.nat(0xff)],
    ['u16', u16, fc.nat(0xffff)],
    ['u32', u32, fc.nat(0xffff_ffff)],
    ['flag', flag, fc.boolean()],
    ['number', number, fc.double({ noNaN: true })],
    ['counter', counter, fc.maxSafeNat()],
    ['bytes', bytes, fc.uint8Array({ maxLength: 600 })],
    ['text', text, utf8],
    ['hex', hex(4), hexBytes(4)],
    ['oneOf', word, fc.constantFrom('yes', 'no', 'perhaps')],
    ['nullable', nullable(u16), fc.option(fc.nat(0xffff))],
    ['list', list(u16), fc.array(fc.nat(0xffff))],
    ['list of texts', list(text), fc.array(utf8)],
    ['record', record(u8), fc.dictionary(utf8, fc.nat(0xff), { noNullPrototype: true })],
    ['struct', person, fc.record({ name: utf8, age: fc.nat(0xff) })],
    ['later fields', grown, fc.record({ age: fc.nat(0xff), hat: fc.nat(0xffff) }, { requiredKeys: ['age'] })],
    ['union', shape, anyShape],
  ] as const
).map(([name, codec, values]) => [name, codec as unknown as Codec<never>, values])

describe.each(CODECS)('%s', (_, codec, values) => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(codec, encode(codec, value as never))).toEqual(value)
      }),
    )
  })
  test('is nothing with a byte less or a byte more', () => {
    fc.assert(
      fc.property(values, (value) => {
        const whole = encode(codec, value as never)
        expect(decode(codec, whole.subarray(0, -1))).toBeNull()
        expect(decode(codec, Uint8Array.of(...whole, 0))).toBeNull()
      }),
    )
  })
  test('is refused or read, whatever the bytes are, and never throws', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), (any) => void decode(codec, any)))
  })
})

/** What both ends must agree on, byte by byte: version 1 of the wire. */
const LAYOUT: readonly [why: string, found: Uint8Array, bytes: readonly number[]][] = [
  ['numbers are big-endian', encode(list(u32), [0x01020304]), [0, 1, 1, 2, 3, 4]],
  ['true is 1', encode(flag, true), [1]],
  ['false is 0', encode(flag, false), [0]],
  ['a counter is 64 bits wide', encode(counter, 2 ** 32 + 2), [0, 0, 0, 1, 0, 0, 0, 2]],
  ['the largest counter', encode(counter, Number.MAX_SAFE_INTEGER), [0, 31, 255, 255, 255, 255, 255, 255]],
  ['a counter of 32 ones', encode(counter, 2 ** 32 - 1), [0, 0, 0, 0, 255, 255, 255, 255]],
  ['a fraction is a double', encode(number, 1), [63, 240, 0, 0, 0, 0, 0, 0]],
  ['bytes have their length in four', encode(bytes, Uint8Array.of(9)), [0, 0, 0, 1, 9]],
  ['text has its bytes in two, not its letters', encode(text, 'é'), [0, 2, 0xc3, 0xa9]],
  ['digits are bytes', encode(hex(3), '00a5ff'), [0, 0xa5, 0xff]],
  ['what is no digit is nothing', encode(hex(2), 'zz07'), [0, 7]],
  ['digits that are missing are nothing', encode(hex(2), '07'), [7, 0]],
  ['a word is its place', encode(word, 'perhaps'), [2]],
  ['nothing is one byte', encode(nullable(u16), null), [0]],
  ['something is one byte more', encode(nullable(u16), 5), [1, 0, 5]],
  ['a list has its length in two', encode(list(u8), [4, 5]), [0, 2, 4, 5]],
  ['a record is a list of names and values', encode(record(u8), { a: 1, b: 2 }), [0, 2, 0, 1, 97, 1, 0, 1, 98, 2]],
  ['fields stand as they are named, and none later', encode(person, { age: 7, name: 'a' }), [0, 1, 97, 7, 0]],
  ['later fields have a tag and a length', encode(grown, { age: 7, hat: 9 }), [7, 1, 5, 0, 2, 0, 9]],
  ['a kind is its tag', encode(shape, { kind: 'line', to: null, from: 3 }), [7, 0, 3, 0, 0]],
  ['another kind, another tag', encode(shape, { kind: 'dot' }), [200, 0]],
]

describe('on the wire', () => {
  test.each(LAYOUT)('%s', (_, found, expected) => expect([...found]).toEqual(expected))
})

const REFUSED: readonly [why: string, codec: Codec<unknown>, bytes: readonly number[]][] = [
  ['no number', number, [127, 248, 0, 0, 0, 0, 0, 0]],
  ['a counter of 2^53', counter, [0, 32, 0, 0, 0, 0, 0, 0]],
  ['a counter beyond', counter, [255, 255, 255, 255, 255, 255, 255, 255]],
  ['bytes that say to be longer', bytes, [0, 0, 0, 2, 9]],
  ['bytes longer than memory', bytes, [255, 255, 255, 255, 9]],
  ['text that is none', text, [0, 1, 0x80]],
  ['text that says to be longer', text, [0, 2, 97]],
  ['a word beyond the last', word, [3]],
  ['a list longer than its message', list(nullable(u8)), [0, 3, 0, 0]],
  ['a later field with more behind it', grown, [7, 1, 5, 0, 3, 0, 9, 0]],
  ['a kind that nobody knows', shape, [8]],
  ['a kind by its place', shape, [0]],
]

describe('refused', () => {
  test.each(REFUSED)('is %s', (_, codec, any) => expect(decode(codec, Uint8Array.from(any))).toBeNull())
})

describe('read', () => {
  test('is any byte but 0 as true', () => {
    for (const byte of [1, 2, 128, 255]) expect(decode(flag, Uint8Array.of(byte))).toBe(true)
    expect(decode(flag, Uint8Array.of(0))).toBe(false)
  })
  test('is a list whose items are a byte each, to the last byte', () => {
    expect(decode(list(u8), Uint8Array.of(0, 3, 1, 2, 3))).toEqual([1, 2, 3])
    expect(decode(list(u8), Uint8Array.of(0, 0))).toEqual([])
  })
  test('are the extremes of a fraction', () => {
    for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, Number.MIN_VALUE])
      expect(decode(number, encode(number, value))).toBe(value)
  })
})

test('a bug of ours is no bad message: it is not swallowed', () => {
  const broken: Codec<number> = {
    form: { type: 'number' },
    write: () => undefined,
    read: () => {
      throw new TypeError('ours')
    },
  }
  expect(() => decode(broken, Uint8Array.of(1))).toThrow(TypeError)
  expect(() => encode(shape, { kind: 'circle' } as unknown as Shape)).toThrow('circle')
})
