import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bytes, encode, read, u8 } from './codec.ts'
import { FrameSplitter, frame, MAX_FRAME, toLeaseCodec } from './frame.ts'
import type { ToLease } from './ipc.ts'
import type { LeaseGroup } from './lease-view.ts'

const MIB = 1024 * 1024
/** As the peer would write it, without our code. */
const header = (size: number): Buffer => {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(size)
  return head
}
const framed = (content: Uint8Array): Buffer => Buffer.concat([header(content.length), content])

describe('a frame', () => {
  test('is the length of what follows, and that', () => {
    expect([...frame(u8, 9)]).toEqual([0, 0, 0, 1, 9])
    const long = new Uint8Array(70_000).fill(3)
    expect(frame(bytes, long)).toHaveLength(4 + 4 + long.length)
    expect([...frame(bytes, long).subarray(0, 4)]).toEqual([0, 1, 0x11, 0x74])
  })
})

describe('a view on its way to the lease process', () => {
  const group = { name: 'web', digest: 'd', directors: ['dir1'], addresses: [] }
  const timing = { keepaliveMs: 1, leaseMs: 2, applyMs: 3, warntimeMs: 4, deadtimeMs: 5, drainMs: 6 }
  const view = { cluster: 'lab', node: 'dir1', epoch: 1, revision: 1, timing, nodes: [], keys: [], signWith: 1 }
  const sent = (stopped: Pick<LeaseGroup, 'stopped'>): ToLease => ({
    kind: 'view',
    view: { ...view, groups: [{ ...group, ...stopped }] },
  })
  test.each([sent({}), sent({ stopped: true })])('says which groups are stopped: %j', (word) =>
    expect(read(toLeaseCodec, encode(toLeaseCodec, word))).toEqual({ ok: true, value: word }),
  )
})

describe('a stream', () => {
  const contents = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 12 })
  const cuts = fc.array(fc.integer({ min: 0, max: 25 }), { maxLength: 60 })

  test('gives the frames that were put in, in their order, as soon as they are whole', () => {
    fc.assert(
      fc.property(contents, cuts, (sent, lengths) => {
        const stream = Buffer.concat(sent.map(framed))
        const ends = sent.map((_, last) => Buffer.concat(sent.slice(0, last + 1).map(framed)).length)
        const splitter = new FrameSplitter()
        const found: Uint8Array[] = []
        let at = 0
        for (const length of [...lengths, stream.length]) {
          found.push(...(splitter.push(stream.subarray(at, at + length)) ?? []))
          at = Math.min(stream.length, at + length)
          expect(found).toHaveLength(ends.filter((end) => end <= at).length)
        }
        expect(found.map((one) => [...one])).toEqual(sent.map((one) => [...one]))
      }),
    )
  })

  test('may come byte by byte, and empty chunks are nothing', () => {
    const splitter = new FrameSplitter()
    const found = [...framed(Uint8Array.of(5, 6)), ...framed(new Uint8Array(0))].flatMap((byte) => [
      ...(splitter.push(new Uint8Array(0)) ?? []),
      ...(splitter.push(Uint8Array.of(byte)) ?? []),
    ])
    expect(found.map((one) => [...one])).toEqual([[5, 6], []])
  })

  test('does not change with the buffer that it came in', () => {
    const splitter = new FrameSplitter()
    const chunk = Buffer.concat([framed(Uint8Array.of(1, 2)), framed(Uint8Array.of(3, 4)).subarray(0, 5)])
    const [first] = splitter.push(chunk) ?? []
    chunk.fill(0xff)
    expect([...(first ?? [])]).toEqual([1, 2])
    expect(splitter.push(Uint8Array.of(4))?.map((one) => [...one])).toEqual([[3, 4]])
  })

  test('takes frames of 4 MiB', () => {
    expect(MAX_FRAME).toBe(4 * MIB)
    const splitter = new FrameSplitter()
    expect(splitter.push(header(4 * MIB))).toEqual([])
    expect(splitter.push(new Uint8Array(4 * MIB - 1))).toEqual([])
    expect(splitter.push(new Uint8Array(1))?.map((one) => one.length)).toEqual([4 * MIB])
  })

  test('that is long costs little more than itself, in however many chunks it comes', () => {
    const splitter = new FrameSplitter()
    splitter.push(header(4 * MIB))
    const copies = vi.spyOn(Uint8Array.prototype, 'set')
    for (let sent = 0; sent < 4 * MIB; sent += 1024) splitter.push(new Uint8Array(1024))
    const copied = copies.mock.calls.reduce((sum, [source]) => sum + source.length, 0)
    copies.mockRestore()
    expect(copied).toBeLessThan(4 * 4 * MIB)
    expect(splitter.partial).toBe(0)
  })

  test.each([
    ['at once', (splitter: FrameSplitter) => splitter.push(header(4 * MIB + 1))],
    [
      'behind a good frame',
      (splitter: FrameSplitter) => splitter.push(Buffer.concat([framed(Uint8Array.of(1)), header(2 ** 31)])),
    ],
    [
      'with its head cut',
      (splitter: FrameSplitter) => {
        splitter.push(header(4 * MIB + 1).subarray(0, 3))
        return splitter.push(header(4 * MIB + 1).subarray(3))
      },
    ],
  ])('is given up when it announces more, %s', (_, push) => expect(push(new FrameSplitter())).toBeNull())
})
