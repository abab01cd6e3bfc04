/** Rates of the last hours: from totals that grow, stand, go back or are not read, in memory that does not grow. */
import { SAMPLE } from '@lvsm/model'
import type { Five, RateHistory, RateLines, TotalsReading } from '@lvsm/protocol'
import { describe, expect, test } from 'vitest'
import { node, type TestNode } from '../fixture.ts'
import { MOST_SERIES } from './rates.ts'

const five = (connections: number): Five => [connections, connections * 10, 0, connections * 1000, 0]
/** One service, or what is said in its place. */
const of = (connections: number, more: Partial<TotalsReading> = {}): TotalsReading => ({
  node: five(connections),
  services: connections === 0 ? [] : [{ name: 'http', totals: five(connections) }],
  servers: [],
  ...more,
})

class Bench {
  readonly dir1: TestNode
  constructor(name = 'dir1', text?: string) {
    this.dir1 = node(name, undefined, text)
  }
  /** Until it asks, which takes this long at most. */
  asks(withinMs = 10_500): this {
    for (let left = withinMs; left > 0; left -= 100) {
      if (this.dir1.take('totals').length > 0) return this
      this.dir1.run(100)
    }
    return expect.fail('nobody asked')
  }
  /** Each reading when it is asked for. */
  reads(...readings: (TotalsReading | null)[]): this {
    for (const reading of readings) this.asks().dir1.feed({ kind: 'totals', reading })
    return this
  }
  history(service?: string): RateHistory {
    return this.dir1.core.rates(this.dir1.now(), service)
  }
  get connections(): (number | null)[] {
    return shown(this.history().total.hour)
  }
  get http(): (number | null)[] {
    const [own] = this.history('http').services
    return own ? shown(own.hour) : []
  }
}
const shown = ({ connections }: RateLines): (number | null)[] =>
  connections.map((one) => (one === null ? null : Math.round(one)))
/** The sample with so many services. */
const withServices = (count: number): string =>
  `${SAMPLE.split('services:')[0]}services:\n${Array.from(
    { length: count },
    (_, at) => `  - { name: s${at}, group: web, address: 10.11.0.10, port: ${1000 + at}, realservers: [] }\n`,
  ).join('')}`

describe('a rate', () => {
  test('is what came between two readings, of the node and of each service', () => {
    const bench = new Bench().reads(of(100), of(150), of(150), of(250))
    expect(bench.connections).toEqual([5, 0, 10])
    expect(bench.http).toEqual([5, 0, 10])
    const { inPackets, outPackets, inBytes } = bench.history().total.hour
    expect([inPackets, outPackets, inBytes].map((line) => Math.round(line[0] ?? -1))).toEqual([50, 0, 5000])
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
  test('is asked for by directors alone', () => {
    const { dir1: rs1 } = new Bench('rs1')
    rs1.run(30_000)
    expect(rs1.take('totals')).toEqual([])
    expect(rs1.core.rates(rs1.now())).toMatchObject({ directs: false, at: null, services: [] })
  })
})

describe('memory', () => {
  test('a service has a series from its first traffic on, with nothing before; an idle one costs none', () => {
    const bench = new Bench().reads(of(0), of(0), of(0))
    expect(bench.history().services).toEqual([])
    bench.reads(of(50))
    expect(bench.http).toEqual([0, 0, 5])
  })
  test('is bounded: services beyond the most are one series, and a name that was among them claims nothing of that time', () => {
    const all = Array.from({ length: MOST_SERIES + 2 }, (_, at) => `s${at}`)
    const reading = (connections: number, names = all) =>
      of(connections, { services: names.map((name) => ({ name, totals: five(connections) })) })
    const bench = new Bench('dir1', withServices(MOST_SERIES + 2)).reads(reading(10), reading(20), reading(40))
    const { services, more, rest } = bench.history()
    expect([services.length + more.length, rest && shown(rest.hour)]).toEqual([MOST_SERIES, [2, 4]])
    expect(bench.history(`s${MOST_SERIES}`).services).toEqual([])
  })
  test('goes an hour back in steps of ten seconds, and twelve hours in minutes', () => {
    const bench = new Bench().reads(...Array.from({ length: 400 }, (_, at) => of(at * 10)))
    const { hour, halfDay } = bench.history().total
    expect([hour.connections.length, halfDay.connections.length]).toEqual([360, 66])
    expect(new Set([...shown(hour), ...shown(halfDay)])).toEqual(new Set([1]))
    // An older one has left.
    bench.reads(of(3990 + 500))
    expect(bench.connections.slice(-2)).toEqual([1, 50])
    expect(bench.connections).toHaveLength(360)
  })
  test('keeps nothing of a service that the configuration has no more', () => {
    const bench = new Bench().reads(of(10), of(20))
    expect(bench.http).toEqual([1])
    const config = { ...bench.dir1.config, revision: 2, services: [] }
    bench.dir1.feed({ kind: 'config', config, secrets: new Map(), facts: { list: [] } as never })
    bench.dir1.run(1000)
    expect(bench.history().directs).toBe(false)
  })
})

test('what the coordinators are told is of the last ten seconds, by realserver too', () => {
  const dir1 = node('dir1', undefined, undefined, true, undefined, { follows: true })
  const bench = Object.assign(new Bench(), { dir1 })
  const servers = (connections: number) => [
    { service: 'http', node: 'rs1', key: '10.11.0.11:80', totals: five(connections) },
    { service: 'http', node: 'rs2', key: '10.11.0.12:80', totals: five(0) },
  ]
  bench.reads(of(100, { servers: servers(100) }), of(200, { servers: servers(200) }))
  dir1.run(5000)
  const said = dir1.take('report').at(-1)?.report.rates
  expect(said).toMatchObject({ node: expect.any(Array), services: { http: expect.any(Array) } })
  expect(Object.keys(said?.servers ?? {})).toEqual(['rs1'])
  expect(said?.node[0]).toBeCloseTo(10, 0)
})
