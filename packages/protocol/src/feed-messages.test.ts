import fc from 'fast-check'
import { expect, it, test } from 'vitest'
import {
  decodeFeedMessage,
  decodeFollowerMessage,
  encodeFeedMessage,
  FEED_SCHEMAS,
  type FeedMessage,
  FOLLOWER_SCHEMAS,
  type FollowerMessage,
  LONGEST_FOLLOWER_MESSAGE,
} from './feed-messages.ts'
import { decodeFollowedFacts, encodeFollowedFacts } from './changes/followed-facts.ts'
import { decodeFollowedCoordinators, encodeFollowedCoordinators } from './followed-coordinators.ts'

const SUM = 'ab'.repeat(32)
const LIST = [{ id: 1, name: 'dir1', addresses: [{ host: '10.0.0.1', port: 7446 }], key: SUM }]
const FEED: readonly FeedMessage[] = [
  { kind: 'whole', revision: 3, file: { cluster: 'la"[[b', nodes: [null, 1.5] }, sum: SUM },
  { kind: 'change', from: 3, to: 5, change: [{ path: ['nodes', 'rs1', 'voter'], from: true }], sum: SUM },
  {
    kind: 'keys',
    ring: { number: 2, nodes: [{ name: 'rs1', keys: [{ id: 1, public: SUM }], signWith: 0, shared: true }] },
  },
  { kind: 'facts', facts: { number: 1, list: [], ends: [] } },
  { kind: 'coordinators', list: LIST },
  { kind: 'proved', number: 7, revision: 5 },
  { kind: 'proved', number: 8, revision: null },
  { kind: 'reported', number: 4, event: 9 },
  { kind: 'cluster', id: 3, events: { events: [] } },
  {
    kind: 'troubles',
    list: [{ code: 'coordinator-disk', severity: 'critical', object: 'node dir1', message: 'no room' }],
  },
  {
    kind: 'troubles',
    list: [{ code: 'coordinator-disk', severity: 'critical', object: 'node dir1', message: 'full', hint: 'make room' }],
  },
  { kind: 'refused', refusal: { code: 'no-leader', message: 'nobody leads', hint: 'wait' } },
]
const SAID: readonly FollowerMessage[] = [
  { kind: 'follow', revision: 0, sum: null },
  { kind: 'follow', revision: 3, sum: SUM },
  { kind: 'applied', revision: 3, epoch: 2, ring: 2 },
  { kind: 'prove', number: 7 },
  { kind: 'key', public: SUM, lost: true },
  { kind: 'report', boot: 'a', number: 1, whole: true, lease: null, services: [], events: [] },
  { kind: 'question', id: 3, what: 'status' },
]
const altered = (message: object, more: object): string => JSON.stringify({ v: 1, least: 1, ...message, ...more })

it.each(FEED.map((message) => [message.kind, message] as const))('%s comes back', (_, message) =>
  expect(decodeFeedMessage(encodeFeedMessage(message))).toEqual({ ok: true, message }),
)
it.each(SAID.map((message) => [message.kind, message] as const))('%s comes back', (_, message) =>
  expect(decodeFollowerMessage(encodeFeedMessage(message))).toEqual({ ok: true, message }),
)
test('every kind has a sample here', () => {
  expect(new Set(FEED.map(({ kind }) => kind))).toEqual(new Set(Object.keys(FEED_SCHEMAS)))
  expect(new Set(SAID.map(({ kind }) => kind))).toEqual(new Set(Object.keys(FOLLOWER_SCHEMAS)))
})
test('a field more is skipped', () => {
  const [message = { kind: 'applied', revision: 0 }] = SAID
  expect(decodeFollowerMessage(altered(message, { lately: 1 }))).toEqual({ ok: true, message })
})
it.each<[string, string, string]>([
  ['of a later kind', altered({ kind: 'tables' }, {}), 'unknown-kind'],
  ['that the other side says', altered({ kind: 'whole', revision: 1 }, {}), 'unknown-kind'],
  ['for newer readers', altered({ kind: 'applied', revision: 1 }, { least: 2 }), 'newer'],
  ['of half a revision', altered({ kind: 'applied', revision: 1.5 }, {}), 'malformed'],
  ['of a checksum that is none', altered({ kind: 'follow', revision: 1, sum: 'x' }, {}), 'malformed'],
  [
    'without end',
    altered({ kind: 'applied', revision: 1 }, { more: 'x'.repeat(LONGEST_FOLLOWER_MESSAGE) }),
    'malformed',
  ],
  ['of nothing', '', 'malformed'],
])('a message %s is refused', (_, text, reason) => expect(decodeFollowerMessage(text)).toEqual({ ok: false, reason }))

test('no text makes a reader throw, and what it reads it would write', () => {
  const texts = [...FEED, ...SAID].map(encodeFeedMessage)
  const mutants = fc.tuple(fc.constantFrom(...texts), fc.nat(300), fc.string({ maxLength: 5 }), fc.nat(9))
  fc.assert(
    fc.property(mutants, ([text, at, put, over]) => {
      const mutant = text.slice(0, at) + put + text.slice(at + over)
      for (const decode of [decodeFeedMessage, decodeFollowerMessage]) {
        const read = decode(mutant)
        if (read.ok) expect(decode(encodeFeedMessage(read.message))).toEqual(read)
      }
    }),
    { numRuns: 2000 },
  )
})

test('what an agent keeps beside its configuration comes back; what is damaged is nothing', () => {
  const kept = encodeFollowedCoordinators(LIST)
  expect(decodeFollowedCoordinators(kept)).toEqual(LIST)
  expect(decodeFollowedCoordinators(kept.replace('10.0.0.1', '10.0.0.3'))).toBeNull()
  const wanted = { number: 7, list: [], ends: [{ node: 'dir1', number: 6, at: 5 }] }
  expect(decodeFollowedFacts(encodeFollowedFacts(wanted))).toEqual(wanted)
  expect(decodeFollowedFacts(encodeFollowedFacts(wanted).replace('"at":5', '"at":4'))).toBeNull()
  for (const text of ['', '{', '{"list":[{}]}', '{"least":2,"list":[]}'])
    expect(decodeFollowedCoordinators(text)).toBeNull()
})
