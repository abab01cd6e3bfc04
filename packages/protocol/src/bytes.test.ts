import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Malformed, Reader, Writer } from './bytes.ts'

/** One value, how Node lays it out, how ours writes it and reads it. */
interface Piece {
  readonly value: number | Uint8Array
  readonly bytes: Buffer
  write(writer: Writer): void
  read(reader: Reader): number | Uint8Array
}
const number = (
  size: number,
  lay: (bytes: Buffer, value: number) => void,
  write: (writer: Writer, value: number) => void,
  read: (reader: Reader) => number,
) => {
  return (value: number): Piece => {
    const bytes = Buffer.alloc(size)
    lay(bytes, value)
    return { value, bytes, write: (writer) => write(writer, value), read }
  }
}
const u8 = number(
  1,
  (b, v) => b.writeUInt8(v),
  (w, v) => w.u8(v),
  (r) => r.u8(),
)
const u16 = number(
  2,
  (b, v) => b.writeUInt16BE(v),
  (w, v) => w.u16(v),
  (r) => r.u16(),
)
const u32 = number(
  4,
  (b, v) => b.writeUInt32BE(v),
  (w, v) => w.u32(v),
  (r) => r.u32(),
)
const f64 = number(
  8,
  (b, v) => b.writeDoubleBE(v),
  (w, v) => w.f64(v),
  (r) => r.f64(),
)
const raw = (value: Uint8Array): Piece => ({
  value,
  bytes: Buffer.from(value),
  write: (writer) => writer.raw(value),
  read: (reader) => reader.raw(value.length),
})
const anyPiece = fc.oneof(
  fc.nat(0xff).map(u8),
  fc.nat(0xffff).map(u16),
  fc.nat(0xffff_ffff).map(u32),
  fc.double().map(f64),
  fc.uint8Array({ maxLength: 200 }).map(raw),
)
const anyPieces = fc.array(anyPiece, { maxLength: 60 })
const whole = (pieces: readonly Piece[]): Buffer => Buffer.concat(pieces.map(({ bytes }) => bytes))
const written = (pieces: readonly Piece[]): Uint8Array => {
  const writer = new Writer()
  for (const piece of pieces) piece.write(writer)
  return writer.done()
}

describe('the writer', () => {
  test('lays values out as Node does in network order, however much it grows', () => {
    fc.assert(
      fc.property(anyPieces, (pieces) => {
        expect(Buffer.from(written(pieces))).toEqual(whole(pieces))
      }),
    )
  })
  test('grows at any length, and for one value longer than all before', () => {
    for (let length = 0; length < 1100; length++) {
      const pieces = [raw(new Uint8Array(length).fill(7)), u32(0x01020304)]
      if (!whole(pieces).equals(written(pieces))) expect.fail(`${length} bytes, then four more`)
    }
    const long = raw(new Uint8Array(100_000).fill(9))
    expect(Buffer.from(written([u8(1), long, u8(2)])).equals(whole([u8(1), long, u8(2)]))).toBe(true)
  })
  test('gives a copy, and goes on', () => {
    const writer = new Writer()
    writer.u16(0x0102)
    const first = writer.done()
    first[0] = 99
    writer.u8(3)
    expect([...writer.done()]).toEqual([1, 2, 3])
    expect([...first]).toEqual([99, 2])
  })
})

describe('the reader', () => {
  test('finds again what Node laid out, in any place of a buffer', () => {
    fc.assert(
      fc.property(anyPieces, fc.nat(9), (pieces, offset) => {
        const bytes = whole(pieces)
        const place = new Uint8Array(offset + bytes.length + 5).fill(0xee)
        place.set(bytes, offset)
        const reader = new Reader(place.subarray(offset, offset + bytes.length))
        let left = bytes.length
        for (const piece of pieces) {
          expect(reader.left).toBe(left)
          expect(piece.read(reader)).toEqual(piece.value)
          left -= piece.bytes.length
        }
        expect(reader.left).toBe(0)
      }),
    )
  })
  test.each<[name: string, size: number, read: (reader: Reader) => unknown]>([
    ['u8', 1, (reader) => reader.u8()],
    ['u16', 2, (reader) => reader.u16()],
    ['u32', 4, (reader) => reader.u32()],
    ['f64', 8, (reader) => reader.f64()],
    ['raw', 5, (reader) => reader.raw(5)],
  ])('reads %s to the last byte, calls one byte less malformed, and takes nothing then', (_, size, read) => {
    for (const before of [0, 1, 3]) {
      const reader = new Reader(new Uint8Array(before + size))
      reader.raw(before)
      read(reader)
      expect(reader.left).toBe(0)
      const short = new Reader(new Uint8Array(before + size - 1))
      short.raw(before)
      expect(() => read(short)).toThrow(Malformed)
      expect(short.left).toBe(size - 1)
    }
  })
  test('gives copies', () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const part = new Reader(bytes).raw(2)
    bytes[0] = 9
    expect([...part]).toEqual([1, 2])
    expect(new Reader(bytes).raw(0)).toHaveLength(0)
  })
})
