import type { NumberedEvent } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { AHEAD_MS, EventLog, LONGEST_LOG, type Moment } from './event-log.ts'

const BEGIN = Date.UTC(2026, 10, 27, 20)
const isoOf = (ms: number): string => new Date(ms).toISOString()
const NOW = 10_000
const AT: Moment = { now: NOW, wall: { now: isoOf(BEGIN), latest: isoOf(BEGIN + AHEAD_MS), msOf: Date.parse } }
const eventOf = (serial: number, at = isoOf(BEGIN + serial)): NumberedEvent => ({
  serial,
  at,
  group: 'web',
  kind: 'note',
  number: 0,
  reason: `event ${serial}`,
})
const eventsOf = (from: number, to: number): NumberedEvent[] =>
  Array.from({ length: to - from + 1 }, (_, at) => eventOf(from + at))
const reasons = (log: EventLog, node: string): string[] =>
  log.all(NOW).flatMap((one) => (one.node === node ? [one.reason] : []))

test('each event is there once, however often it is told; a new life of the agent counts anew', () => {
  const log = new EventLog()
  log.add('dir1', 'a', eventsOf(1, 3), AT)
  log.add('dir1', 'a', eventsOf(2, 4), AT)
  expect([reasons(log, 'dir1'), log.known('dir1', 'a')]).toEqual([['event 1', 'event 2', 'event 3', 'event 4'], 4])
  expect(log.known('dir1', 'b')).toBe(0)
  log.add('dir1', 'b', [eventOf(1)], AT)
  expect(reasons(log, 'dir1')).toHaveLength(5)
  expect(log.since('dir1', 'a', 2, { most: 1, now: NOW })).toEqual([eventOf(3)])
})

test('a node that was out of the cluster for a while, and agents that take turns, tell nothing twice', () => {
  const log = new EventLog()
  log.add('dir1', 'a', eventsOf(1, 3), AT)
  log.keep(new Set())
  log.add('dir1', 'a', eventsOf(1, 4), AT)
  for (const boot of ['b', 'c', 'd', 'e', 'f']) log.add('dir1', boot, [eventOf(1)], AT)
  log.add('dir1', 'a', eventsOf(1, 4), AT)
  expect(reasons(log, 'dir1')).toHaveLength(9)
})

test('what is missing is said, with its number', () => {
  const log = new EventLog()
  log.add('dir1', 'a', [eventOf(1), eventOf(5)], AT)
  log.add('dir1', 'a', [eventOf(7)], AT)
  expect(reasons(log, 'dir1').map((reason) => /^(\d+) earlier|^event (\d+)/.exec(reason)?.slice(1).join(''))).toEqual([
    '1',
    '3',
    '5',
    '1',
    '7',
  ])
})

test('a node that talks without end pushes out its own words', () => {
  const log = new EventLog()
  log.add('dir2', 'a', eventsOf(1, 3), AT)
  log.add('dir1', 'a', eventsOf(1, 2 * LONGEST_LOG), AT)
  expect(log.all(NOW)).toHaveLength(LONGEST_LOG)
  expect(reasons(log, 'dir2')).toEqual(['event 1', 'event 2', 'event 3'])
  expect(reasons(log, 'dir1').at(-1)).toBe(`event ${2 * LONGEST_LOG}`)
})

test.each(['2027-01-01T00:00:00.000Z', 'tomorrow'])('a clock that is none, or far ahead, is not shown: %s', (at) => {
  const log = new EventLog()
  log.add('dir1', 'a', [eventOf(1, at)], AT)
  expect(log.all(NOW)[0]?.at).toBe(AT.wall.now)
})

describe('a life that tells what an earlier one told', () => {
  const again = (serial: number, of: number): NumberedEvent => ({
    ...eventOf(of),
    serial,
    origin: { life: 'a', serial: of },
  })
  test('tells nothing twice, and who knows only this life gets all of it', () => {
    const log = new EventLog()
    log.add('dir1', 'a', eventsOf(1, 3), AT)
    log.add('dir1', 'b', [again(1, 2), again(2, 3), again(3, 4), eventOf(4)], AT)
    expect(log.all(NOW).map(({ origin }) => `${origin?.life} ${origin?.serial}`)).toEqual([
      'a 1',
      'a 2',
      'a 3',
      'a 4',
      'b 4',
    ])
    expect(log.since('dir1', 'b', 0, { most: 9, now: NOW }).map(({ serial }) => serial)).toEqual([1, 2, 3, 4])
    const other = new EventLog()
    other.add('dir1', 'b', log.since('dir1', 'b', 0, { most: 9, now: NOW }), AT)
    expect(other.all(NOW).map(({ origin }) => `${origin?.life} ${origin?.serial}`)).toEqual([
      'a 2',
      'a 3',
      'a 4',
      'b 4',
    ])
  })
  test('pushes out the old, and not the new', () => {
    const log = new EventLog()
    const told = eventsOf(1, LONGEST_LOG).map((one) => ({ ...one, clock: BEGIN * 1000 + one.serial }))
    log.add('dir1', 'a', told, AT)
    log.add('dir1', 'b', [{ ...again(1, 0), origin: { life: '0', serial: 1 }, clock: BEGIN * 1000 - 1 }], AT)
    expect(reasons(log, 'dir1')).toHaveLength(LONGEST_LOG)
    expect(reasons(log, 'dir1')).not.toContain('event 0')
  })
})

test('how long ago it was is told on, and grows', () => {
  const log = new EventLog()
  log.add('dir1', 'a', [{ ...eventOf(1), ageMs: 500 }, eventOf(2)], AT)
  expect(log.all(NOW + 100).map(({ ageMs }) => ageMs)).toEqual([600, undefined])
  const passed = log.since('dir1', 'a', 0, { most: 9, now: NOW + 100 })
  expect(passed.map(({ ageMs }) => ageMs)).toEqual([600, undefined])
})

test('a clock that is far ahead of most others orders nothing: it is as late as it came', () => {
  const log = new EventLog()
  const clock = BEGIN * 1000
  for (const node of ['dir1', 'dir2', 'rs1']) log.add(node, 'a', [{ ...eventOf(1), clock, ageMs: 0 }], AT)
  log.add('rs1', 'a', [{ ...eventOf(2), clock: clock + 86_400_000_000, ageMs: 0 }], AT)
  const after = { ...AT, now: NOW + 120_000 }
  log.add('dir1', 'a', [{ ...eventOf(2), clock: clock + 120_000_000, ageMs: 0 }], after)
  const found = log.all(NOW).toSorted((one, other) => one.clock - other.clock)
  expect(found.at(-1)).toMatchObject({ node: 'dir1', reason: 'event 2' })
})

test('those that came after another are told apart', () => {
  const log = new EventLog()
  log.add('dir1', 'a', eventsOf(1, 3), AT)
  const { arrived } = log
  log.add('dir2', 'a', eventsOf(1, 1), AT)
  expect(log.all(NOW, arrived).map(({ node }) => node)).toEqual(['dir2'])
  expect(log.all(NOW, log.arrived)).toEqual([])
})
