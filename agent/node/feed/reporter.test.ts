import { instant } from '@lvsm/base'
import type { NumberedEvent, OwnReport } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { LOST_MS, REPORT_MS, Reporter } from './reporter.ts'

const eventOf = (serial: number): NumberedEvent => ({
  serial,
  at: '2026-11-27T20:00:00.000Z',
  group: 'web',
  kind: 'took',
  number: serial,
  reason: 'dir2 is silent',
})
const destination = (active: number) => ({
  key: '10.0.0.1:80',
  weight: 1,
  healthy: true,
  active,
  inactive: 0,
  reason: '',
})
const own = (more: Partial<OwnReport> = {}): OwnReport => ({
  boot: 'a',
  self: { revision: 1, state: 'owner', reason: 'owns web', standby: false, versions: {} },
  lease: {
    quorum: true,
    groups: [{ name: 'web', role: 'owner', owner: 'dir1', number: 7, leftMs: 900, reason: '' }],
    peers: [],
  },
  troubles: [],
  pings: {},
  ready: {},
  counters: {},
  dark: {},
  shut: {},
  blind: {},
  established: {},
  rates: null,
  tables: { http: [destination(1)] },
  events: [eventOf(1), eventOf(2)],
  ...more,
})

class Bench {
  readonly reporter = new Reporter()
  now = 0
  next(passMs = REPORT_MS) {
    this.now += passMs
    return this.reporter.next(instant(this.now))
  }
  /** The coordinator knows nothing of it. */
  opened(event = 2): this {
    this.reporter.opened()
    expect(this.next(0)).toMatchObject({ whole: false, events: [] })
    this.reporter.answered({ number: 0, event })
    return this
  }
  /** It was said and answered: what there was first. */
  begun(event = 2): this {
    this.reporter.take(own())
    this.opened(event)
    this.reporter.answered({ number: this.next()?.number ?? -1, event })
    return this
  }
}

test('first it asks in few words; what the coordinator has not is said whole, without events that it knows', () => {
  const { reporter } = new Bench()
  reporter.take(own({ troubles: [{ code: 'a', severity: 'info', message: 'x'.repeat(10_000) }] }))
  expect(reporter.next(instant(0))).toBeNull()
  reporter.opened()
  expect(reporter.next(instant(0))).toEqual({ boot: 'a', number: 1, whole: false, events: [] })
  reporter.take(own())
  const { tables, events: _, ...parts } = own()
  reporter.answered({ number: 0, event: 1 })
  expect(reporter.next(instant(0))).toEqual({
    ...parts,
    number: 2,
    whole: true,
    services: ['http'],
    tables,
    events: [eventOf(2)],
  })
})

test('a coordinator that knows no reports hears one short word of a connection, and no more', () => {
  const bench = new Bench()
  for (let connection = 1; connection <= 3; connection++) {
    bench.reporter.take(own())
    bench.reporter.opened()
    expect(JSON.stringify(bench.next()).length).toBeLessThan(4000)
    for (let turn = 0; turn < 100; turn++) {
      bench.reporter.take(own({ counters: { 'drop-mac': turn } }))
      expect([bench.next(60_000), bench.reporter.dueAt()]).toEqual([null, null])
    }
    bench.reporter.closed()
  }
})

test('a coordinator that has the last one is told what is new since, and nothing twice', () => {
  const bench = new Bench().begun()
  bench.reporter.closed()
  bench.reporter.take(own({ counters: { 'drop-mac': 1 } }))
  bench.reporter.opened()
  expect(bench.next()).toEqual({ boot: 'a', number: 3, whole: false, events: [] })
  bench.reporter.answered({ number: 3, event: 2 })
  expect(bench.next()).toEqual({ boot: 'a', number: 4, whole: false, counters: { 'drop-mac': 1 }, events: [] })
})

test('one that is not answered was lost: it is asked what is known, and that is said again', () => {
  const bench = new Bench().begun()
  bench.reporter.take(own({ counters: { 'drop-mac': 1 } }))
  expect(bench.next()).toMatchObject({ number: 3, counters: { 'drop-mac': 1 } })
  expect(bench.next(LOST_MS - 1)).toBeNull()
  expect(bench.next(1)).toEqual({ boot: 'a', number: 4, whole: false, events: [] })
  bench.reporter.answered({ number: 0, event: 2 })
  expect(bench.next()).toMatchObject({ number: 5, whole: true, counters: { 'drop-mac': 1 } })
})

test('an answer that nobody waits for changes nothing', () => {
  const bench = new Bench().begun()
  bench.reporter.answered({ number: 0, event: 2 ** 53 - 1 })
  bench.reporter.take(own({ events: [eventOf(3)] }))
  expect(bench.next()).toMatchObject({ number: 3, whole: false, events: [eventOf(3)] })
})

test('then only what is new is said; what only counts down is no news', () => {
  const bench = new Bench().begun()
  bench.reporter.take(own({ tables: { http: [destination(2)] } }))
  expect(bench.next()).toEqual({
    boot: 'a',
    number: 3,
    whole: false,
    tables: { http: [destination(2)] },
    events: [],
  })
  bench.reporter.answered({ number: 3, event: 2 })
  const [group] = own().lease?.groups ?? []
  const lease = { quorum: true, groups: group ? [{ ...group, leftMs: 400 }] : [], peers: [] }
  bench.reporter.take(own({ lease, tables: { http: [destination(2)] } }))
  // The number stays: nobody has to be told, but that it still is so.
  expect(bench.next()).toEqual({ boot: 'a', number: 3, whole: false, events: [] })
  bench.reporter.answered({ number: 3, event: 2 })
  bench.reporter.take(own({ lease, tables: {} }))
  expect(bench.next()).toEqual({ boot: 'a', number: 4, whole: false, services: [], events: [] })
})

test('one is on its way at a time, and two go in a second', () => {
  const bench = new Bench().begun()
  bench.reporter.take(own({ counters: { 'drop-mac': 1 } }))
  expect(bench.next(1)).toBeNull()
  expect(bench.reporter.dueAt()).toBe(2 * REPORT_MS)
  expect(bench.next(REPORT_MS - 1)).toMatchObject({ number: 3, counters: { 'drop-mac': 1 } })
  bench.reporter.take(own({ counters: { 'drop-mac': 2 } }))
  expect([bench.next(), bench.reporter.dueAt()]).toEqual([null, 2 * REPORT_MS + LOST_MS])
  // To an earlier one.
  bench.reporter.answered({ number: 2, event: 2 })
  expect(bench.next()).toBeNull()
  bench.reporter.answered({ number: 3, event: 2 })
  expect(bench.next()).toMatchObject({ number: 4, counters: { 'drop-mac': 2 } })
})

test('a coordinator that could not use it gets a whole one, and so does the next coordinator', () => {
  const bench = new Bench().begun()
  bench.reporter.take(own({ counters: { 'drop-mac': 1 } }))
  bench.next()
  bench.reporter.answered({ number: 0, event: 2 })
  expect(bench.next()).toMatchObject({ number: 4, whole: true, self: own().self, events: [] })
  bench.reporter.closed()
  expect(bench.next()).toBeNull()
  bench.opened()
  expect(bench.next()).toMatchObject({ number: 6, whole: true, self: own().self, events: [] })
})

test('many events, and parts beyond the room of one report, follow in the next ones', () => {
  const bench = new Bench().begun(0)
  const events = Array.from({ length: 230 }, (_, at) => eventOf(at + 1))
  bench.reporter.take(own({ events }))
  const heard: number[] = []
  for (let turn = 0; turn < 4; turn++) {
    const report = bench.next()
    heard.push(...(report?.events ?? []).map(({ serial }) => serial))
    bench.reporter.answered({ number: report?.number ?? -1, event: heard.at(-1) ?? 0 })
  }
  expect(heard).toEqual(events.map(({ serial }) => serial))
  const long = { ...destination(1), reason: 'x'.repeat(50_000) }
  bench.reporter.take(own({ events: [], tables: { a: [long], b: [long], c: [long] } }))
  const first = bench.next()
  expect([first?.services, Object.keys(first?.tables ?? {})]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b'],
  ])
  bench.reporter.answered({ number: first?.number ?? -1, event: 230 })
  expect(Object.keys(bench.next()?.tables ?? {})).toEqual(['c'])
})

test('what an earlier life told is said only to who knows it again', () => {
  const earlier = { ...eventOf(1), origin: { life: 'before', serial: 9 } }
  const events = [earlier, eventOf(2)]
  for (const origins of [true, false]) {
    const reporter = new Reporter()
    reporter.take(own({ events }))
    reporter.opened()
    reporter.next(instant(0))
    reporter.answered({ number: 0, event: 0, ...(origins ? { origins } : {}) })
    expect(reporter.next(instant(REPORT_MS))?.events).toEqual(origins ? events : [eventOf(2)])
  }
})
