import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, type Frame, FrameReader, kinds, longest } from './frames.ts'

describe('frames', () => {
  it('come out as they went in, however the bytes are cut', () => {
    const frame = fc.record({ kind: fc.constantFrom(...Object.values(kinds)), bytes: fc.uint8Array({ maxLength: 50 }) })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 10 }), fc.integer({ min: 1, max: 40 }), (frames, size) => {
        const bytes = Buffer.concat(frames.map((one) => encodeFrame(one.kind, one.bytes)))
        const reader = new FrameReader()
        const out: Frame[] = []
        for (let at = 0; at < bytes.length; at += size) out.push(...reader.push(bytes.subarray(at, at + size)))
        expect(out.map((one) => [one.kind, [...one.bytes]])).toEqual(frames.map((one) => [one.kind, [...one.bytes]]))
      }),
    )
  })
  it('what no writer of ours makes is refused', () => {
    const head = Buffer.alloc(5)
    head.writeUInt32BE(longest + 1, 1)
    expect(() => new FrameReader().push(head)).toThrow(RangeError)
    expect(() => new FrameReader().push(Buffer.from([99, 0, 0, 0, 0]))).toThrow(RangeError)
  })
})
