import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeText, encodeText } from './text.ts'

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const theirs = (bytes: Uint8Array): string | null => {
  try {
    return strict.decode(bytes)
  } catch {
    return null
  }
}
/** Asks both, and names the first bytes that they disagree on. */
const expectAgreement = (sequences: Iterable<Uint8Array>): void => {
  for (const bytes of sequences)
    if (decodeText(bytes) !== theirs(bytes)) expect.fail(`${Buffer.from(bytes).toString('hex')}: ${decodeText(bytes)}`)
}
/** First and last of one, two, three and four bytes, and around the surrogates. */
const EDGES = [0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x1f600, 0x10ffff]
/** Bytes at the borders between what may begin, go on and neither. */
const BORDERS = [0x00, 0x7f, 0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbe, 0xbf, 0xc0, 0xff]
const LATER = [0x7f, 0x80, 0xbf, 0xc0]

/** Letters of every length, and halves of pairs (`fc.string` of all code points takes seconds to make). */
const anyText = fc
  .array(fc.oneof(fc.nat(0x7f), fc.nat(0x7ff), fc.nat(0xffff), fc.nat(0x10ffff)))
  .map((codes) => String.fromCodePoint(...codes))

describe('text', () => {
  test('agrees with the platform on every string', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect([...encodeText(value)]).toEqual([...Buffer.from(value, 'utf8')])
        expect(decodeText(encodeText(value))).toBe(value.toWellFormed())
      }),
    )
  })
  test.each(EDGES)('has the bytes that the platform gives it, at the edges of their number: %i', (code) => {
    const text = `a${String.fromCodePoint(code)}b`
    expect(Buffer.from(encodeText(text))).toEqual(Buffer.from(text, 'utf8'))
    expect(decodeText(encodeText(text))).toBe(text)
  })
  test('has a replacement for half a pair, as on the platform', () => {
    for (const half of ['\ud800', '\udbff', '\udc00', '\udfff']) {
      expect(Buffer.from(encodeText(`a${half}b`))).toEqual(Buffer.from(`a${half}b`, 'utf8'))
    }
    expect(encodeText('')).toHaveLength(0)
  })
})

describe('bytes', () => {
  test('are text exactly when the platform says so: any few', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6 }), (bytes) => {
        expect(decodeText(bytes)).toBe(theirs(bytes))
      }),
      { numRuns: 1000 },
    )
  })
  test('are text exactly when the platform says so: every pair', () => {
    expectAgreement(
      (function* () {
        for (let pair = 0x7f00; pair < 0x10000; pair++) yield Uint8Array.of(pair >> 8, pair & 0xff)
      })(),
    )
  })
  test('and longer ones at every border: overlong, surrogates, beyond the last, cut, gone on too long', () => {
    expectAgreement(
      (function* () {
        for (let first = 0xc0; first <= 0xff; first++)
          for (const second of BORDERS)
            for (const third of LATER) {
              yield Uint8Array.of(first, second, third)
              yield Uint8Array.of(0x41, first, second, third)
              for (const fourth of LATER) yield Uint8Array.of(first, second, third, fourth)
            }
      })(),
    )
  })
})
