import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  type Datagram,
  decode,
  encode,
  FrameSplitter,
  frame,
  type Keys,
  type MacState,
  MAX_DATAGRAM,
  type Message,
  messageCodec,
  open,
  sealer,
  toLeaseCodec,
  type ToLease,
} from './index.ts'

const secret = new Uint8Array(32).fill(7)
const keysOf = (key: Uint8Array, known: number): Keys => ({
  macBytes: (id) => (id === known ? 32 : null),
  begin: (id) => {
    const state = hmac.create(sha256, key)
    const mac: MacState = {
      update: (bytes) => void state.update(bytes),
      tag: (end) => state.clone().update(end).digest(),
    }
    return id === known ? mac : null
  },
})
const keys = keysOf(secret, 1)
const seal = ({ to, ...outgoing }: Datagram, cluster = 'lab', keyId = 1, with_ = keys): Uint8Array =>
  sealer(outgoing, cluster, keyId, with_)(to)

const hexOf = (size: number) =>
  fc.uint8Array({ minLength: size, maxLength: size }).map((b) => Buffer.from(b).toString('hex'))
const counter = fc.maxSafeNat()
const ms = fc.double({ min: 0, max: 3_600_000, noNaN: true }).map((v) => v + 0)
const about = { group: fc.string({ unit: 'grapheme', maxLength: 40 }), digest: hexOf(8), epoch: fc.nat() }
const echo = fc.record({ incarnation: hexOf(16), sequence: counter })
const heartbeat = fc.record({
  kind: fc.constant('heartbeat' as const),
  revision: counter,
  standby: fc.boolean(),
  voters: hexOf(8),
  groups: fc.array(
    fc.record({
      group: fc.string(),
      holds: fc.boolean(),
      ready: fc.boolean(),
      reaches: fc.integer({ min: 0, max: 255 }),
      number: counter,
      leftMs: ms,
    }),
  ),
})
const message: fc.Arbitrary<Message> = fc.oneof(
  heartbeat,
  fc.record({ kind: fc.constant('request' as const), ...about, leaseMs: ms, number: counter }),
  fc.record({ kind: fc.constant('poll' as const), ...about }),
  fc.record({ kind: fc.constant('release' as const), ...about, upTo: counter, successor: fc.option(fc.string()) }),
  fc.record({ kind: fc.constant('ack' as const), ...about, echo, grantMs: ms, highWater: counter }),
  fc.record({ kind: fc.constant('free' as const), ...about, echo, highWater: counter }),
  fc.record({
    kind: fc.constant('busy' as const),
    ...about,
    echo,
    reason: fc.constantFrom(
      'held' as const,
      'reserved' as const,
      'epoch' as const,
      'unknown-list' as const,
      'number' as const,
    ),
    leftMs: ms,
    highWater: counter,
  }),
  fc.record({ kind: fc.constant('offer' as const), ...about, number: counter }),
  fc.record({ kind: fc.constant('offer' as const), ...about, number: counter, unordered: fc.boolean() }),
  fc.record({ kind: fc.constant('answer' as const), ...about, echo, willing: fc.boolean(), reason: fc.string() }),
  fc.record({ kind: fc.constant('relay' as const), payload: fc.uint8Array({ maxLength: 900 }) }),
)
const datagram: fc.Arbitrary<Datagram> = fc.record({
  from: fc.string({ maxLength: 60 }),
  incarnation: hexOf(16),
  sequence: counter,
  spread: fc.constantFrom('one' as const, 'all' as const),
  to: fc.option(hexOf(16)),
  message,
  piggybacked: fc.option(heartbeat),
})
const sample: Datagram = {
  from: 'dir1',
  incarnation: 'ab'.repeat(16),
  sequence: 7,
  spread: 'one',
  to: null,
  message: { kind: 'poll', group: 'web', digest: '0123456789abcdef', epoch: 1 },
  piggybacked: null,
}

describe('messages', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(decode(messageCodec, encode(messageCodec, value))).toEqual(value)
      }),
    )
  })
  test('no bytes make the decoder throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decode(messageCodec, bytes)),
      { numRuns: 3000 },
    )
  })
})

describe('datagrams', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(datagram, (value) => {
        expect(open(seal(value), 'lab', keys)).toEqual({ ok: true, datagram: value })
      }),
    )
  })
  test('a flipped bit anywhere is refused', () => {
    const sealed = seal(sample)
    for (let at = 0; at < sealed.length * 8; at++) {
      const flipped = sealed.slice()
      flipped[at >> 3] = (flipped[at >> 3] ?? 0) ^ (1 << (at & 7))
      expect(open(flipped, 'lab', keys).ok).toBe(false)
    }
  })
  test('a cut anywhere is refused', () => {
    const sealed = seal(sample)
    for (let size = 0; size < sealed.length; size++) expect(open(sealed.slice(0, size), 'lab', keys).ok).toBe(false)
  })
  test.each([
    ['cluster', () => seal(sample, 'other')],
    ['mac', () => seal(sample, 'lab', 1, keysOf(new Uint8Array(32), 1))],
    ['key', () => seal(sample, 'lab', 9, keysOf(secret, 9))],
    ['version', () => Uint8Array.of(99, ...seal(sample).slice(1))],
    ['short', () => Uint8Array.of(1, 0)],
    ['long', () => new Uint8Array(MAX_DATAGRAM + 1)],
    ['mac', () => Uint8Array.of(...seal(sample), ...new Uint8Array(MAX_DATAGRAM)).slice(0, MAX_DATAGRAM)],
  ])('names the reason: %s', (reason, make) => {
    expect(open(make(), 'lab', keys)).toEqual({ ok: false, reason })
  })
  test('may come from the longest name, in the cluster with the longest; from a longer one nobody can tell whose key it is', () => {
    const longest = '\u{1d11e}'.repeat(255)
    const named = (from: string): unknown => {
      const asked: string[] = []
      const noting: Keys = { ...keys, macBytes: (id, peer) => (asked.push(peer), keys.macBytes(id, peer)) }
      const opened = open(seal({ ...sample, from }, longest), longest, noting)
      return [opened.ok || opened.reason, asked]
    }
    expect([named(longest), named(`${longest}x`)]).toEqual([
      [true, [longest]],
      ['malformed', ['']],
    ])
  })
})

describe('frames', () => {
  const word: ToLease = {
    kind: 'ready',
    group: 'web',
    ready: true,
    interfaceDown: false,
    reaches: 2,
    reason: 'kernel is prepared',
  }
  test('say which service nobody is known of, or lets nobody through, and of an older agent that there is none', () => {
    const told: ToLease = { ...word, blind: 2, dark: 'http' }
    const shut: ToLease = {
      ...word,
      blind: 1,
      shut: 'lets no client of service http through: chain inet site in handle 4',
    }
    for (const one of [word, told, shut]) {
      const [bytes] = new FrameSplitter().push(frame(toLeaseCodec, one)) ?? []
      expect(bytes && decode(toLeaseCodec, bytes)).toEqual(one)
    }
  })
  test('are found again however the stream is cut', () => {
    const stream = Buffer.concat([frame(toLeaseCodec, word), frame(toLeaseCodec, word), frame(toLeaseCodec, word)])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 })), (cuts) => {
        const splitter = new FrameSplitter()
        const found: (ToLease | null)[] = []
        let at = 0
        for (const cut of [...cuts, stream.length]) {
          for (const one of splitter.push(stream.subarray(at, at + cut)) ?? []) found.push(decode(toLeaseCodec, one))
          at = Math.min(stream.length, at + cut)
        }
        expect(found).toEqual([word, word, word])
      }),
    )
  })
  test('a stream that is not ours is given up', () => {
    expect(new FrameSplitter().push(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0))).toBeNull()
  })
})
