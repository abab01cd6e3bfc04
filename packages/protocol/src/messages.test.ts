/** What must never come through, whoever signed it: lengths of time that are none, numbers that cannot be counted. */
import { type DurableState, HIGHEST_EPOCH, HIGHEST_NUMBER } from './lease-state.ts'
import { type LeaseStatus } from './lease-status.ts'
import { LONGEST_LEASE_MS } from '@lvsm/base'
import { NEW_STATE } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import { encode } from './codec.ts'
import { decode, decodeState, encodeState, fromLeaseCodec, type Message, messageCodec } from './index.ts'

const about = { group: 'web', digest: '0123456789abcdef', epoch: 1 }
const echo = { incarnation: 'ab'.repeat(16), sequence: 7 }
const back = (message: Message): Message | null => decode(messageCodec, encode(messageCodec, message))

describe('lengths of time between nodes', () => {
  const withMs = (ms: number): readonly Message[] => [
    { kind: 'request', ...about, leaseMs: ms, number: 1 },
    { kind: 'ack', ...about, echo, grantMs: ms, highWater: 1 },
    { kind: 'busy', ...about, echo, reason: 'held', leftMs: ms, highWater: 1 },
    {
      kind: 'heartbeat',
      revision: 1,
      standby: false,
      voters: '0123456789abcdef',
      groups: [{ group: 'web', holds: true, ready: true, reaches: 0, number: 1, leftMs: ms }],
    },
    { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [], silentMs: ms },
  ]
  test.each([0, 0.25, LONGEST_LEASE_MS, 3_600_000])('%d ms come through', (ms) => {
    for (const message of withMs(ms)) expect(back(message)).toEqual(message)
  })
  test.each([-1, -0.001, 3_600_001, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])(
    '%d ms is none',
    (ms) => {
      for (const message of withMs(ms)) expect(back(message), message.kind).toBeNull()
    },
  )
})

test('how much was sent comes through with and without what went over each link, which older ones do not say', () => {
  const to = 'ab'.repeat(16)
  const beat = { kind: 'heartbeat', revision: 1, standby: false, voters: '0123456789abcdef', groups: [] } as const
  for (const sent of [[{ to, count: 9 }], [{ to, count: 9, byLink: [4, 3] }]])
    expect(back({ ...beat, sent })).toEqual({ ...beat, sent })
  const older = `01${'0'.repeat(15)}1${'00'}0123456789abcdef${'0000'}01${'05001b'}0001${to}${'0'.repeat(15)}9${'00'}`
  expect(decode(messageCodec, Buffer.from(older, 'hex'))).toEqual({ ...beat, sent: [{ to, count: 9 }] })
})

test('numbers come through up to the last that can be counted', () => {
  for (const number of [0, 2 ** 32 - 1, 2 ** 32, HIGHEST_NUMBER, Number.MAX_SAFE_INTEGER]) {
    const message: Message = { kind: 'offer', ...about, number }
    expect(back(message)).toEqual(message)
  }
})

describe('the state on disk', () => {
  const state: DurableState = { limitMs: 1000, highWater: 2 ** 40 + 5, standby: true }
  test('comes back as it was', () => {
    expect(decodeState(encodeState(state))).toEqual({ kind: 'read', value: state })
    expect(decodeState(encodeState(NEW_STATE))).toEqual({ kind: 'read', value: NEW_STATE })
    const longest = { limitMs: LONGEST_LEASE_MS, highWater: HIGHEST_NUMBER, standby: false, epoch: HIGHEST_EPOCH }
    expect(decodeState(encodeState(longest))).toEqual({ kind: 'read', value: longest })
  })
  test.each<[string, DurableState]>([
    ['a longer lease than any', { ...state, limitMs: LONGEST_LEASE_MS + 1 }],
    ['a negative one', { ...state, limitMs: -1 }],
    ['an infinite one', { ...state, limitMs: Number.POSITIVE_INFINITY }],
    ['a number that leaves none', { ...state, highWater: HIGHEST_NUMBER + 1 }],
    ['an epoch before the first', { ...state, epoch: 0 }],
    ['an epoch that leaves no numbers', { ...state, epoch: HIGHEST_EPOCH + 1 }],
  ])('%s was not written by us', (_what, wrong) => expect(decodeState(encodeState(wrong))).toEqual({ kind: 'damaged' }))
  test('of another version says which; too short, or too long, it is none', () => {
    const bytes = encodeState(state)
    expect(decodeState(Uint8Array.of(99, ...bytes.slice(1)))).toEqual({ kind: 'strange', version: 99, age: 'newer' })
    expect(decodeState(Uint8Array.of(0))).toEqual({ kind: 'strange', version: 0, age: 'older' })
    expect(decodeState(new Uint8Array())).toEqual({ kind: 'damaged' })
    expect(decodeState(bytes.slice(0, -1))).toEqual({ kind: 'damaged' })
    expect(decodeState(Uint8Array.of(...bytes, 0))).toEqual({ kind: 'damaged' })
  })
})

test('a status comes through whole, with troubles that have a hint and such that have none', () => {
  const status: LeaseStatus = {
    node: 'dir1',
    incarnation: 'ab',
    quarantineMs: 12.5,
    standby: true,
    quorum: false,
    groups: [{ name: 'web', role: 'owner', owner: 'dir1', number: 3, leftMs: 200, reason: 'holds web' }],
    peers: [
      { name: 'dir2', life: 'late', silentMs: -1, standby: true },
      { name: 'rs1', life: 'dead', silentMs: 9000, standby: false, unbelieved: 'with a wrong signature' },
      { name: 'rs2', life: 'alive', silentMs: 40, standby: false, unsent: 'over inside (10.12.0.12): ENETUNREACH' },
    ],
    troubles: [
      { code: 'state-not-kept', severity: 'critical', message: 'no space', hint: 'make room' },
      { code: 'other', severity: 'info', message: 'just so' },
      { code: 'late', severity: 'warning', message: 'was late', pastMs: 120_000 },
    ],
    counters: { 'drop-mac': 4 },
  }
  const word = decode(fromLeaseCodec, encode(fromLeaseCodec, { kind: 'status', status }))
  expect(word).toEqual({ kind: 'status', status })
})
