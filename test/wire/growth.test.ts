/** Every border, by its codecs and schemas alone: what a later version adds is skipped or refused by name, never misread. */
import {
  type Codec,
  MESSAGE_VERSION,
  PEER_SCHEMAS,
  PEER_VERSION,
  ROUTES,
  SCHEMAS,
  SNAPSHOT_SCHEMAS,
  decodeMessage,
  decodePeerMessage,
  encode,
  read,
  refusedReport,
} from '@lvsm/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type * as z from 'zod'
import { BORDERS, CODECS, ROUTE_NAMES, sign } from './borders.ts'
import { grown, MORE, understood, Unknown, valuesOf, valuesOfSchema, withMore } from './values.ts'

const RUNS = { numRuns: 200 }
/** Of each border. */
const MUTANTS = 10_000
const SAMPLES = 40

/** What this version is to make of it, or the reason. */
function expected(codec: Codec<unknown>, value: unknown): unknown {
  try {
    return { ok: true, value: understood(codec, value) }
  } catch (error) {
    if (error instanceof Unknown) return { ok: false, reason: 'unknown-kind' }
    throw error
  }
}

describe.each(Object.entries(CODECS))('%s', (_, codec: Codec<unknown>) => {
  const later = grown(codec)
  test('comes back as it was', () =>
    fc.assert(
      fc.property(valuesOf(codec), (value) => {
        expect(read(codec, encode(codec, value))).toEqual({ ok: true, value })
      }),
      RUNS,
    ))
  test('of a later version is understood but for what that has more, or refused as an unknown kind', () =>
    fc.assert(
      fc.property(valuesOf(later), (value) => {
        expect(read(codec, encode(later, value))).toEqual(expected(codec, value))
      }),
      RUNS,
    ))
  test('of this version is understood by a later one', () =>
    fc.assert(
      fc.property(valuesOf(codec), (value) => {
        expect(read(later, encode(codec, value))).toEqual({ ok: true, value })
      }),
      RUNS,
    ))
})

/** Every schema in JSON, by border and kind. */
const TEXTS: readonly (readonly [border: string, kind: string, schema: z.core.$ZodType])[] = [
  ...Object.entries(SCHEMAS).map(([kind, schema]) => ['agent', kind, schema] as const),
  ...Object.entries(PEER_SCHEMAS).map(([kind, schema]) => ['peer', kind, schema] as const),
  ...Object.entries(SNAPSHOT_SCHEMAS).map(([kind, schema]) => ['snapshot', kind, schema] as const),
  ...ROUTE_NAMES.map((name) => ['http-answer', name, ROUTES[name].response] as const),
  ['http-answer', 'refused', refusedReport],
  ...ROUTE_NAMES.flatMap((name) => {
    const { request } = ROUTES[name]
    return request ? [['http-request', name, request] as const] : []
  }),
]
const borderOf = (name: string) => {
  const border = BORDERS.find((one) => one.name === name)
  if (!border) throw new Error(`no border ${name}`)
  return border
}

describe.each(TEXTS)('%s %s', (name, kind, schema) => {
  const { encode: write, decode } = borderOf(name)
  test('with more fields says the same as without', () =>
    fc.assert(
      fc.property(valuesOfSchema(schema), (value) => {
        const plain = decode(kind, write(kind, value))
        expect(plain).toMatchObject({ ok: true })
        expect(decode(kind, write(kind, withMore(schema, value)))).toEqual(plain)
        // What was understood once is understood the same again: nothing of it is lost on the way.
        if (plain.ok) expect(decode(kind, write(kind, plain.value))).toEqual(plain)
      }),
      RUNS,
    ))
})

test('a message of agents of any kind that is not known is refused by that name; one for newer versions, too', () =>
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (kind, fields) => {
      fc.pre(!Object.hasOwn(SCHEMAS, kind))
      const message = { ...fields, v: MESSAGE_VERSION + 1, least: MESSAGE_VERSION, kind }
      expect(decodeMessage(JSON.stringify(message))).toMatchObject({ ok: false, reason: 'unknown-kind' })
      const newer = JSON.stringify({ ...message, least: MESSAGE_VERSION + 1 })
      expect(decodeMessage(newer)).toMatchObject({ ok: false, reason: 'newer' })
    }),
    RUNS,
  ))

test('a message of coordinators of any kind that is not known is refused by that name; one for newer versions, too', () =>
  fc.assert(
    fc.property(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), (kind, fields) => {
      fc.pre(!Object.hasOwn(PEER_SCHEMAS, kind))
      const message = { ...fields, v: PEER_VERSION + 1, least: PEER_VERSION, kind }
      expect(decodePeerMessage(JSON.stringify(message))).toEqual({ ok: false, reason: 'unknown-kind' })
      const newer = JSON.stringify({ ...message, least: PEER_VERSION + 1 })
      expect(decodePeerMessage(newer)).toEqual({ ok: false, reason: 'newer' })
    }),
    RUNS,
  ))

/** Cut, overwritten, doubled. */
const edits = fc.array(
  fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), byte: fc.nat(255), how: fc.nat(3) }),
  { minLength: 1, maxLength: 4 },
)
type Edits = typeof edits extends fc.Arbitrary<infer Value> ? Value : never
function mutate(bytes: Uint8Array, changes: Edits): Uint8Array {
  let found = [...bytes]
  for (const { at, byte, how } of changes) {
    const place = Math.floor(at * found.length)
    if (how === 0) found = found.slice(0, place)
    else if (how === 1) found[place] = byte
    else if (how === 2) found.splice(place, 0, byte)
    else found.splice(place, 0, ...found.slice(place, place + byte))
  }
  return Uint8Array.from(found)
}

describe('bytes that were changed on the way make no decoder throw', () => {
  test.each(Object.entries(CODECS))('%s', (name, codec: Codec<unknown>) => {
    const { decode } = borderOf(name)
    const [kind = ''] = borderOf(name).kinds
    const framed = (content: Uint8Array): Uint8Array =>
      Uint8Array.of(...Buffer.from(Uint32Array.of(content.length).buffer).reverse(), ...content)
    const carried = name === 'datagram' ? sign : name.endsWith('-lease') ? framed : (content: Uint8Array) => content
    const whole = fc.sample(valuesOf(codec), SAMPLES).map((value) => encode(codec, value))
    fc.assert(
      fc.property(fc.constantFrom(...whole), edits, (bytes, changes) => {
        const content = mutate(bytes, changes)
        void read(codec, content)
        void decode(kind, carried(content))
        void decode(kind, content)
      }),
      { numRuns: MUTANTS },
    )
  })
  test.each(TEXTS)('%s %s', (name, kind, schema) => {
    const { kinds, encode: write, decode } = borderOf(name)
    const whole = fc.sample(valuesOfSchema(schema), SAMPLES).map((value) => write(kind, value))
    fc.assert(
      fc.property(fc.constantFrom(...whole), edits, (bytes, changes) => void decode(kind, mutate(bytes, changes))),
      { numRuns: Math.ceil(MUTANTS / kinds.length) },
    )
  })
  test('agent.owned', () => {
    const { encode: write, decode } = borderOf('agent.owned')
    const whole = write('file', { 'tcp 10.11.0.10:80': ['10.11.0.11:80', '10.11.0.12:80'] })
    fc.assert(
      fc.property(edits, (changes) => void decode('file', mutate(whole, changes))),
      { numRuns: 300 },
    )
  })
})

test('the word for what is more is none of this version', () => {
  for (const codec of Object.values(CODECS)) expect(JSON.stringify(codec)).not.toContain(MORE)
})
