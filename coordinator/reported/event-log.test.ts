import type { NumberedEvent } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { AHEAD_MS, EventLog, LONGEST_LOG, type Wall } from './event-log.ts'

const BEGIN = Date.UTC(2026, 10, 27, 20)
const isoOf = (ms: number): string => new Date(ms).toISOString()
const WALL: Wall = { now: isoOf(BEGIN), latest: isoOf(BEGIN + AHEAD_MS) }
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
  log.all().flatMap((one) => (one.node === node ? [one.reason] : []))

test('each event is there once, however often it is told; a new life of the agent counts anew', () => {
  const log = new EventLog()
  log.add('dir1', 'a', eventsOf(1, 3), WALL)
  log.add('dir1', 'a', eventsOf(2, 4), WALL)
  expect([reasons(log, 'dir1'), log.known('dir1', 'a')]).toEqual([['event 1', 'event 2', 'event 3', 'event 4'], 4])
  expect(log.known('dir1', 'b')).toBe(0)
  log.add('dir1', 'b', [eventOf(1)], WALL)
  expect(reasons(log, 'dir1')).toHaveLength(5)
  expect(log.since('dir1', 'a', 2, 1)).toEqual([eventOf(3)])
})

test('a node that was out of the cluster for a while, and agents that take turns, tell nothing twice', () => {
  const log = new EventLog()
  log.add('dir1', 'a', eventsOf(1, 3), WALL)
  log.keep(new Set())
  log.add('dir1', 'a', eventsOf(1, 4), WALL)
  for (const boot of ['b', 'c', 'd', 'e', 'f']) log.add('dir1', boot, [eventOf(1)], WALL)
  log.add('dir1', 'a', eventsOf(1, 4), WALL)
  expect(reasons(log, 'dir1')).toHaveLength(9)
})

test('what is missing is said, with its number', () => {
  const log = new EventLog()
  log.add('dir1', 'a', [eventOf(1), eventOf(5)], WALL)
  log.add('dir1', 'a', [eventOf(7)], WALL)
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
  log.add('dir2', 'a', eventsOf(1, 3), WALL)
  log.add('dir1', 'a', eventsOf(1, 2 * LONGEST_LOG), WALL)
  expect(log.all()).toHaveLength(LONGEST_LOG)
  expect(reasons(log, 'dir2')).toEqual(['event 1', 'event 2', 'event 3'])
  expect(reasons(log, 'dir1').at(-1)).toBe(`event ${2 * LONGEST_LOG}`)
})

test.each(['2027-01-01T00:00:00.000Z', 'tomorrow'])('a clock that is none, or far ahead, is not shown: %s', (at) => {
  const log = new EventLog()
  log.add('dir1', 'a', [eventOf(1, at)], WALL)
  expect(log.all()[0]?.at).toBe(WALL.now)
})
