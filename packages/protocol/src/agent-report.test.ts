/** Reports of nodes in the wrong hands: what is read of them, and what is not even looked at. */
import { expect, test } from 'vitest'
import * as z from 'zod'
import { agentReport, type AgentReport, LONGEST_REPORT } from './agent-report.ts'
import { boundedList, boundedRecord } from './bounded.ts'
import { decodeFollowerMessage } from './feed-messages.ts'

const BASE: AgentReport = { boot: 'a', number: 1, whole: true, events: [] }
const DESTINATION = { key: 'k', weight: 1, healthy: true, active: 1, inactive: 1, reason: '' }
const SELF = { revision: 1, state: 'idle', reason: '', standby: false, versions: {} }
const GROUP = { name: 'web', role: 'none', owner: null, number: 1, leftMs: 0, reason: '' }
const EVENT = { serial: 1, at: '', group: '', kind: 'note', number: 0, reason: '' }
const many = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)
const keys = <Item>(count: number, item: Item) =>
  Object.fromEntries(many(count, item).map((one, at) => [`k${at}`, one]))

test.each<[string, object]>([
  ['counters', { counters: keys(100_000, 1) }],
  ['programs', { self: { ...SELF, versions: keys(17, '1') } }],
  ['ping nodes', { pings: keys(257, true) }],
  ['troubles', { troubles: many(257, { code: '', severity: 'info', message: '' }) }],
  ['groups', { lease: { quorum: true, groups: many(2049, GROUP), peers: [] } }],
  ['peers', { lease: { quorum: true, groups: [], peers: many(1025, { name: 'a', life: 'dead', standby: true }) } }],
  ['services', { services: many(2049, 'a') }],
  ['tables', { tables: keys(2049, []) }],
  ['destinations', { tables: { a: many(1025, DESTINATION) } }],
  ['events', { events: many(101, EVENT) }],
])('more %s than any node has are refused', (_, more) =>
  expect(agentReport.safeParse({ ...BASE, ...more }).success).toBe(false),
)

test('of what is too long not one item is looked at: a node cannot make a coordinator stand still', () => {
  let looks = 0
  const item = z.unknown().transform(() => ++looks)
  expect(boundedList(item, 2).safeParse([1, 2, 3]).success).toBe(false)
  expect(boundedRecord(z.string(), item, 2).safeParse({ a: 1, b: 2, c: 3 }).success).toBe(false)
  expect(looks).toBe(0)
  expect(boundedList(item, 2).parse([1, 2])).toEqual([1, 2])
  expect(boundedRecord(z.string(), item, 2).parse({ a: 1, b: 2 })).toEqual({ a: 3, b: 4 })
  for (const none of [null, 1, 'abc', undefined]) {
    expect(boundedList(item, 2).safeParse(none).success).toBe(false)
    expect(boundedRecord(z.string(), item, 2).safeParse(none).success).toBe(false)
  }
})

test('names that are shown paint nothing, whatever they are the names of', () => {
  const [paint, plain] = ['\u001b[2J\u009b31m', '\ufffd[2J\ufffd31m']
  const said = { ...BASE, self: { ...SELF, reason: paint, versions: { [paint]: paint } }, counters: { [paint]: 1 } }
  expect(agentReport.parse(said)).toMatchObject({
    self: { reason: plain, versions: { [plain]: plain } },
    counters: { [plain]: 1 },
  })
})

test.each([2 ** 53 - 1, 2 ** 53, -1, 1.5, Number.MAX_VALUE])('a number like %d is read, or refused', (number) => {
  const isWhole = Number.isSafeInteger(number) && number > 0
  expect(agentReport.safeParse({ ...BASE, number }).success).toBe(isWhole)
  expect(agentReport.safeParse({ ...BASE, events: [{ ...EVENT, serial: number }] }).success).toBe(isWhole)
})

test('the longest report that is read is one that an agent makes of the largest configuration', () => {
  const groups = many(1000, { ...GROUP, name: 'x'.repeat(32), owner: 'x'.repeat(32), reason: 'x'.repeat(300) })
  const text = JSON.stringify({ kind: 'report', ...BASE, lease: { quorum: true, groups, peers: [] } })
  expect(decodeFollowerMessage(text).ok).toBe(true)
  expect(decodeFollowerMessage(text.padEnd(LONGEST_REPORT + 1)).ok).toBe(false)
})
