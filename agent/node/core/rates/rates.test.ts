/** Rates of the last hours: from totals that grow, stand, go back or are not read, in memory that does not grow. */
import { after, instant } from '@lvsm/base'
import { nodeView } from '@lvsm/model'
import type { Five, RateHistory, RateLines, TotalsReading } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import type { NodeEffect } from '../events.ts'
import { node } from '../fixture.ts'
import { MOST_SERIES, newRates, nextTotals, onTotals, readTotalsIfDue } from './rates.ts'
import { rateHistoryOf } from './report.ts'

const CONFIG = node('dir1').config
const five = (connections: number): Five => [connections, connections * 10, 0, connections * 1000, 0]
const nothing = (name: string, connections: number): TotalsReading['services'] =>
  connections === 0 ? [] : [{ name, totals: five(connections) }]
/** One service, or what is said in its place. */
const of = (connections: number, more: Partial<TotalsReading> = {}): TotalsReading => ({
  ...{ node: five(connections), services: nothing('http', connections), servers: [] },
  ...more,
})
/** Connections, whole. */
const shown = ({ connections }: RateLines): (number | null)[] =>
  connections.map((one) => (one === null ? null : Math.round(one)))

class Bench {
  readonly effects: NodeEffect[] = []
  readonly rates = newRates(instant(0))
  readonly node = 'dir1'
  readonly wall = String
  config = CONFIG
  now = instant(0)
  /** Each reading when it is asked for. */
  reads(...readings: (TotalsReading | null)[]): this {
    for (const reading of readings) {
      this.now = nextTotals(this) ?? expect.fail('nobody will ask')
      readTotalsIfDue(this)
      expect(this.effects.splice(0)).toEqual([{ kind: 'totals' }])
      expect(nextTotals(this)).toBeNull()
      onTotals(this, reading)
    }
    return this
  }
  has(...services: readonly string[]): this {
    const [one] = CONFIG.services
    if (one) this.config = { ...CONFIG, services: services.map((name, at) => ({ ...one, name, port: 1000 + at })) }
    return this
  }
  get view() {
    return nodeView(this.config, this.node)
  }
  history(service?: string): RateHistory {
    return rateHistoryOf(this, service)
  }
  get connections(): (number | null)[] {
    return shown(this.history().total.hour)
  }
  get http(): (number | null)[] {
    const [own] = this.history('http').services
    return own ? shown(own.hour) : []
  }
}

describe('a rate', () => {
  test('is what came between two readings, of the node and of each service', () => {
    const bench = new Bench().reads(of(100), of(150), of(150), of(250))
    expect(bench.connections).toEqual([5, 0, 10])
    expect(bench.http).toEqual([5, 0, 10])
    const { inPackets, outPackets, inBytes } = bench.history().total.hour
    expect([inPackets[0], outPackets[0], inBytes[0]]).toEqual([50, 0, 5000])
  })
  test('of what went back is of what came since: it began anew', () =>
    expect(new Bench().reads(of(1000), of(1100), of(30)).connections).toEqual([10, 3]))
  test('is not known while the kernel has no IPVS, and begins with the reading after the next', () =>
    expect(new Bench().reads(of(10), of(20), of(0, { node: null }), of(50), of(60)).connections).toEqual([
      1,
      null,
      null,
      1,
    ]))
  test('where readings failed there is a gap, and what came meanwhile is not one burst', () => {
    const bench = new Bench().reads(of(0), of(100), null, null, of(400))
    expect(bench.connections).toEqual([10, null, null, 10])
    expect(bench.http).toEqual([10, null, null, 10])
  })
  test('after a sleep of days begins anew, in bounded work', () => {
    const bench = new Bench().reads(of(10), of(20))
    bench.now = after(bench.now, 30 * 86_400_000)
    onTotals(bench, of(30))
    expect(new Set(bench.connections)).toEqual(new Set([null, 0]))
  })
})

describe('memory', () => {
  test('a service has a series from its first traffic on, with nothing before; an idle one costs none', () => {
    const bench = new Bench().reads(of(0), of(0), of(0))
    expect(bench.history().services).toEqual([])
    bench.reads(of(50))
    expect(bench.http).toEqual([0, 0, 5])
  })
  test('is bounded: services beyond the most are one series, and one that leaves it claims nothing of that time', () => {
    const all = Array.from({ length: MOST_SERIES + 2 }, (_, at) => `s${at}`)
    const last = `s${MOST_SERIES}`
    const reading = (connections: number, names = all) =>
      of(connections, { services: names.map((name) => ({ name, totals: five(connections) })) })
    const bench = new Bench().has(...all).reads(reading(10), reading(20), reading(40))
    const { services, more, rest } = bench.history()
    expect([services.length + more.length, rest && shown(rest.hour)]).toEqual([MOST_SERIES, [2, 4]])
    expect(bench.history(last).services).toEqual([])
    bench.has(...all.slice(1)).reads(reading(80, all.slice(1)))
    const [own] = bench.history(last).services
    expect(own && shown(own.hour)).toEqual([null, null, 4])
    expect(shown(bench.history().rest?.hour ?? expect.fail('no rest'))).toEqual([2, 4, 4])
    expect(bench.history('s0').services).toEqual([])
  })
  test('goes an hour back in steps of ten seconds, and twelve hours in minutes', () => {
    const bench = new Bench().reads(...Array.from({ length: 400 }, (_, at) => of(at * 10)))
    const { hour, halfDay } = bench.history().total
    expect([hour.connections.length, halfDay.connections.length]).toEqual([360, 66])
    expect(new Set([...shown(hour), ...shown(halfDay)])).toEqual(new Set([1]))
    bench.reads(of(3990 + 500))
    expect(bench.connections.slice(-2)).toEqual([1, 50])
    expect(bench.connections).toHaveLength(360)
    const many = bench.reads(...Array.from({ length: 4400 }, () => of(4490)))
    expect(many.history().total.halfDay.connections).toHaveLength(720)
    // Its last traffic was more than twelve hours ago.
    expect([many.history('http').services, many.rates.services.size]).toEqual([[], 0])
  })
})

test('directors alone ask, and what they know ends with their last service', () => {
  const dir1 = node('dir1', undefined, undefined, true, undefined, { follows: true })
  const rs1 = node('rs1')
  for (const one of [dir1, rs1]) one.run(2000)
  expect([dir1.take('totals').length, rs1.take('totals').length]).toEqual([1, 0])
  const servers = (connections: number): TotalsReading['servers'] => [
    { service: 'http', node: 'rs1', key: '10.11.0.11:80', totals: five(connections) },
    { service: 'http', node: 'rs1', key: '10.11.0.11:81', totals: five(connections) },
    { service: 'http', node: 'rs2', key: '10.11.0.12:80', totals: five(0) },
  ]
  dir1.feed({ kind: 'totals', reading: of(100, { servers: servers(100) }) })
  dir1.run(10_000)
  expect(dir1.take('totals')).toHaveLength(1)
  dir1.feed({ kind: 'totals', reading: of(200, { servers: servers(200) }) })
  dir1.run(5000)
  // What the coordinators are told.
  const said = dir1.take('report').at(-1)?.report.rates ?? expect.fail('no rates')
  expect(Object.keys(said.servers ?? {})).toEqual(['rs1'])
  expect((said.servers?.['rs1']?.[0] ?? 0) / said.node[0]).toBeCloseTo(2, 1)
  expect(said.services['http']?.[0]).toBe(said.node[0])
  expect(said.node[0]).toBeGreaterThan(9)
  expect(rs1.core.rates(rs1.now())).toMatchObject({ directs: false, at: null, services: [] })
  expect(dir1.core.rates(dir1.now(), 'http')).toMatchObject({ directs: true, services: [{ name: 'http' }] })
})
