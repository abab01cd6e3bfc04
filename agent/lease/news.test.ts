import { type FromLease, type LeaseEvent, type LeaseStatus } from '@lvsm/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { News } from './news.ts'

const STATUS: LeaseStatus = {
  node: 'dir1',
  incarnation: 'ab',
  quarantineMs: 0,
  standby: false,
  quorum: true,
  groups: [],
  peers: [],
  troubles: [],
  counters: { 'drop-replay': 2, 'drop-copy': 1 },
}
const event = (kind: LeaseEvent['kind'], number: number): LeaseEvent => ({
  at: 1,
  group: 'web',
  kind,
  number,
  reason: 'so it is',
})
let told: FromLease[] = []
let said: string[] = []
let filtered = 0
let news: News
beforeEach(() => {
  vi.useFakeTimers()
  told = []
  said = []
  filtered = 0
  news = new News({
    status: () => STATUS,
    filtered: () => filtered,
    tell: (word) => told.push(word),
    say: (text) => said.push(text),
  })
})
afterEach(() => void vi.useRealTimers())

test('what happened is told a little later, all of it at once, with the status after it', () => {
  news.event(event('took', 7))
  news.event(event('note', 0))
  news.soon()
  vi.advanceTimersByTime(59)
  expect([told, said]).toEqual([[], []])
  vi.advanceTimersByTime(1)
  expect(said).toEqual(['web: took (lease 7): so it is', 'web: note: so it is'])
  expect(told).toEqual([
    { kind: 'event', event: { ...event('took', 7), serial: 1 } },
    { kind: 'event', event: { ...event('note', 0), serial: 2 } },
    { kind: 'status', status: STATUS },
  ])
  vi.advanceTimersByTime(1000)
  expect(told).toHaveLength(3)
  news.event(event('lost', 7))
  vi.advanceTimersByTime(60)
  expect(told.slice(3).map(({ kind }) => kind)).toEqual(['event', 'status'])
})

test('a peer’s claim is told with the status alone', () => {
  news.soon()
  vi.advanceTimersByTime(60)
  expect(told).toEqual([{ kind: 'status', status: STATUS }])
  expect(said).toEqual([])
})

test('the last word is said at once', () => {
  news.event(event('released', 7))
  news.tell()
  expect(told.map(({ kind }) => kind)).toEqual(['event', 'status'])
  vi.advanceTimersByTime(60)
  expect(told.map(({ kind }) => kind)).toEqual(['event', 'status', 'status'])
})

test('what is counted here and in the core is one sum, and the first of its kind is known', () => {
  expect([news.count('drop-replay'), news.count('drop-replay'), news.count('link-failed')]).toEqual([true, false, true])
  news.tellStatus()
  expect(told).toEqual([
    { kind: 'status', status: { ...STATUS, counters: { 'drop-replay': 4, 'drop-copy': 1, 'link-failed': 1 } } },
  ])
  // The core's own are not touched.
  news.tellStatus()
  expect(told[1]).toEqual(told[0])
})

test('what the kernel dropped is told with the counters, once it is something', () => {
  const counter = (): unknown => {
    const word = told.at(-1)
    return word?.kind === 'status' && word.status.counters['drop-filtered']
  }
  news.tellStatus()
  expect(counter()).toBeUndefined()
  filtered = 7
  news.tellStatus()
  expect(counter()).toBe(7)
})

test('whoever connects later is told again what came after the last that it heard, each marked so', () => {
  for (let number = 1; number <= 40; number++) news.event(event('took', number))
  vi.advanceTimersByTime(60)
  news.event(event('lost', 40))
  told = []
  expect(news.joined()).toBe(40)
  // What waits is new to everybody, also where it is told before the question is there.
  vi.advanceTimersByTime(60)
  expect(told).toEqual([
    { kind: 'event', event: { ...event('lost', 40), serial: 41 } },
    { kind: 'status', status: STATUS },
  ])
  told = []
  news.tellAgain(38)
  expect(told).toEqual(
    [39, 40].map((number) => ({ kind: 'event', event: { ...event('took', number), serial: number, again: true } })),
  )
  told = []
  news.tellAgain(0)
  expect(told).toHaveLength(31)
})
