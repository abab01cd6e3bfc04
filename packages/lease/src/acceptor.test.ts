import { instant, LONGEST_TERM_MS, quarantineMs } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { Acceptor, type Sender } from './acceptor.ts'
import type { Request } from './messages.ts'
import { RULES, type Rules } from './rules.ts'
import type { LeaseView } from './view.ts'

const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const group = (name: string, ...addresses: string[]): LeaseView['groups'][number] => ({
  name,
  digest: addresses.join('+'),
  directors: ['dir1', 'dir2'],
  addresses: addresses.map((address) => ({ address, prefix: 24, ifindex: 2, kind: 'vip' as const })),
})
const view = (changed: Partial<LeaseView> = {}): LeaseView => ({
  cluster: 'lab',
  node: 'rs1',
  epoch: 1,
  revision: 1,
  timing,
  nodes: [],
  groups: [group('web', 'A', 'B'), group('mail', 'C')],
  keys: [],
  signWith: 1,
  ...changed,
})
const by = (node: string, sequence: number, start = 1): Sender => ({ node, incarnation: `${node}.${start}`, sequence })
const about = { group: 'web', digest: 'A+B', epoch: 1 }
const ask = (number: number, changed: Partial<Request> = {}): Request => ({
  kind: 'request',
  ...about,
  termMs: 350,
  number,
  ...changed,
})
const poll = { kind: 'poll', ...about } as const
const release = (upTo: number, successor: string | null = null) =>
  ({ kind: 'release', ...about, upTo, successor }) as const
const at = (ms: number) => instant(1000 + ms)

function acceptor(rules: Rules = RULES, highWater = 0): Acceptor {
  const made = new Acceptor(instant(0), highWater, rules)
  made.adopt(view())
  return made
}

describe('quarantine', () => {
  test('is silent after a start, by the time of the start and not of the view', () => {
    const made = new Acceptor(at(0), 0, RULES)
    expect(made.request(by('dir1', 1), ask(1), at(LONGEST_TERM_MS))).toBeNull()
    made.adopt(view())
    const endMs = quarantineMs(timing)
    expect(made.poll(by('dir1', 2), poll, at(endMs - 1))).toBeNull()
    expect(made.poll(by('dir1', 3), poll, at(endMs))?.kind).toBe('free')
  })
})

describe('grants', () => {
  test('one node at a time; the other is told how long', () => {
    const made = acceptor()
    expect(made.request(by('dir1', 1), ask(1), at(0))).toMatchObject({ kind: 'ack', grantMs: 350, highWater: 1 })
    expect(made.request(by('dir2', 1), ask(2), at(50))).toMatchObject({ kind: 'busy', reason: 'held', leftMs: 300 })
    expect(made.request(by('dir2', 2), ask(2), at(350))).toMatchObject({ kind: 'ack' })
  })
  test('what was refused changes nothing', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.request(by('dir2', 1), ask(9), at(50))
    expect(made.poll(by('dir2', 2), poll, at(350))).toMatchObject({ kind: 'free', highWater: 1 })
  })
  test('a renewal keeps its number, also when it comes late; a new holding needs a new one', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    expect(made.request(by('dir1', 2), ask(1), at(900))).toMatchObject({ kind: 'ack' })
    expect(made.request(by('dir1', 1, 2), ask(1), at(950))).toMatchObject({
      kind: 'busy',
      reason: 'number',
      highWater: 1,
    })
    expect(made.request(by('dir1', 2, 2), ask(2), at(960))).toMatchObject({ kind: 'ack' })
  })
  test('an older send of a start is dropped', () => {
    const made = acceptor()
    made.request(by('dir1', 5), ask(1), at(0))
    expect(made.request(by('dir1', 4), ask(1), at(10))).toBeNull()
  })
  test('the term is the shorter of both; a shorter one later does not shorten what was granted', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    expect(made.request(by('dir1', 2), ask(1, { termMs: 50 }), at(10))).toMatchObject({ grantMs: 50 })
    expect(made.poll(by('dir2', 1), poll, at(100))).toMatchObject({ kind: 'busy', leftMs: 250 })
    const planted = acceptor({ ...RULES, grantUntil: (_present, proposed) => proposed })
    planted.request(by('dir1', 1), ask(1), at(0))
    planted.request(by('dir1', 2), ask(1, { termMs: 50 }), at(10))
    expect(planted.poll(by('dir2', 1), poll, at(100)), 'planted: two owners').toMatchObject({ kind: 'free' })
  })
  test('another epoch and an unknown list are refused', () => {
    const made = acceptor()
    expect(made.request(by('dir1', 1), ask(1, { epoch: 2 }), at(0))).toMatchObject({
      kind: 'busy',
      reason: 'epoch',
      epoch: 1,
    })
    expect(made.request(by('dir1', 2), ask(1, { digest: 'X' }), at(0))).toMatchObject({
      kind: 'busy',
      reason: 'unknown-list',
    })
  })
  test('the address is the lock: an address that changed its group is still held', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.adopt(view({ groups: [group('web', 'A'), group('mail', 'B', 'C')] }))
    const mail: Request = { kind: 'request', group: 'mail', digest: 'B+C', epoch: 1, termMs: 350, number: 5 }
    expect(made.request(by('dir2', 1), mail, at(10))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(made.request(by('dir1', 2), ask(1), at(20)), 'a recent list').toMatchObject({ kind: 'ack' })
  })
})

describe('release', () => {
  test('frees at once, or keeps the vote for a successor for the time that was left', () => {
    const made = acceptor()
    made.request(by('dir1', 1), ask(1), at(0))
    made.release(by('dir1', 2), release(1, 'dir2'), at(50))
    expect(made.request(by('dir3', 1), ask(2), at(60))).toMatchObject({ kind: 'busy', reason: 'reserved', leftMs: 290 })
    expect(made.request(by('dir2', 1), ask(2), at(60))).toMatchObject({ kind: 'ack' })
  })
  test('of an older send, another start or another node changes nothing', () => {
    const made = acceptor()
    made.request(by('dir1', 7), ask(1), at(0))
    made.release(by('dir1', 8), release(6), at(10))
    made.release(by('dir1', 1, 2), release(9), at(10))
    made.release(by('dir2', 1), release(9), at(10))
    expect(made.poll(by('dir2', 2), poll, at(20))).toMatchObject({ kind: 'busy', reason: 'held' })
  })
  test('a late message of an old start neither replaces nor releases what the new one has', () => {
    const made = acceptor()
    made.request(by('dir1', 1, 2), ask(1), at(0))
    made.request(by('dir1', 50, 1), ask(2), at(10))
    made.release(by('dir1', 51, 1), release(50), at(20))
    expect(made.poll(by('dir2', 1), poll, at(30))).toMatchObject({ kind: 'busy', reason: 'held' })
    expect(made.request(by('dir1', 2, 2), ask(1), at(40)), 'a renewal').toMatchObject({ kind: 'ack' })
  })
})

test('numbers are reserved on disk ahead, once for each thousand', () => {
  const made = acceptor(RULES, 4000)
  expect(made.takeReserve()).toBe(5000)
  expect(made.takeReserve()).toBeNull()
  made.request(by('dir1', 1), ask(4600), at(0))
  expect(made.takeReserve()).toBe(5600)
})
