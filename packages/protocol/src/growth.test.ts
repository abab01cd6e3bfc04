/** Two versions side by side: what the newer one says is understood, or refused by name; never misread. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { counter, decode, encode, flag, list, nullable, oneOf, read, struct, text, u8, union } from './codec.ts'

interface Old {
  readonly name: string
  readonly count: number
}
interface New extends Old {
  readonly colour?: string
  readonly sizes?: readonly number[]
}
const oldShape = struct<Old>({ name: text, count: counter })
const newShape = struct<New>({ name: text, count: counter }, { colour: [1, text], sizes: [7, list(u8)] })

const news = fc.record(
  { name: fc.string(), count: fc.nat(), colour: fc.string(), sizes: fc.array(fc.nat({ max: 255 })) },
  { requiredKeys: ['name', 'count'] },
)

describe('a struct with later fields', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(news, (value) => {
        expect(decode(newShape, encode(newShape, value))).toEqual(value)
      }),
    )
  })
  test('is understood by the version before, which skips them', () => {
    fc.assert(
      fc.property(news, (value) => {
        expect(decode(oldShape, encode(newShape, value))).toEqual({ name: value.name, count: value.count })
      }),
    )
  })
  test('of the version before is understood by the newer one', () => {
    expect(decode(newShape, encode(oldShape, { name: 'a', count: 7 }))).toEqual({ name: 'a', count: 7 })
  })
  test('may stand in lists, and inside others, each with its own', () => {
    const outer = struct<{ items: readonly New[]; last: boolean }>({ items: list(newShape), last: flag })
    const before = struct<{ items: readonly Old[]; last: boolean }>({ items: list(oldShape), last: flag })
    const items = [
      { name: 'a', count: 1, colour: 'red' },
      { name: 'b', count: 2, sizes: [1, 2] },
    ]
    expect(decode(before, encode(outer, { items, last: true }))).toEqual({
      items: [
        { name: 'a', count: 1 },
        { name: 'b', count: 2 },
      ],
      last: true,
    })
  })
  test('that says another length than it has is refused', () => {
    const bytes = encode(newShape, { name: 'a', count: 1, colour: 'red' })
    for (const wrong of [0, 1, 4, 6, 255]) {
      const changed = bytes.slice()
      changed[bytes.length - 6] = wrong
      expect(decode(newShape, changed)).toBeNull()
    }
  })
})

type Known = { readonly kind: 'one'; readonly name: string }
type Grown = Known | { readonly kind: 'two'; readonly count: number }
const oldUnion = union<Known>({ one: [1, struct({ name: text })] })
const newUnion = union<Grown>({ one: [1, struct({ name: text })], two: [2, struct({ count: counter })] })

describe('a kind', () => {
  test('that is not known is refused by that name, and taken for no other', () => {
    expect(read(oldUnion, encode(newUnion, { kind: 'two', count: 7 }))).toEqual({ ok: false, reason: 'unknown-kind' })
    expect(read(oldUnion, encode(newUnion, { kind: 'one', name: 'a' }))).toEqual({
      ok: true,
      value: { kind: 'one', name: 'a' },
    })
  })
  test('bytes that are none are malformed', () => {
    expect(read(oldUnion, Uint8Array.of(1, 0, 9))).toEqual({ ok: false, reason: 'malformed' })
    expect(read(oldUnion, new Uint8Array())).toEqual({ ok: false, reason: 'malformed' })
  })
})

test('a word that is not known reads as the fallback, or is refused where there is none', () => {
  const old = oneOf(['red', 'green'], 'red')
  const strict = oneOf(['red', 'green'])
  const grown = oneOf(['red', 'green', 'blue'])
  expect(decode(old, encode(grown, 'blue'))).toBe('red')
  expect(decode(old, encode(grown, 'green'))).toBe('green')
  expect(decode(strict, encode(grown, 'blue'))).toBeNull()
})

test('no bytes make a reader throw', () => {
  const deep = struct<{ items: readonly New[]; more: New | null }>({ items: list(newShape), more: nullable(newShape) })
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => void read(deep, bytes)),
    { numRuns: 3000 },
  )
})
