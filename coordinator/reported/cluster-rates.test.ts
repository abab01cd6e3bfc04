/** What all nodes forward and serve: each with its age, or why not; and who is not believed. */
import { beginState, parseDocument } from '@lvsm/changes'
import type { AgentReport, SaidRates } from '@lvsm/protocol'
import { expect, test } from 'vitest'
import { SAMPLE_DOCUMENT } from '../../test/kit/configuration.ts'
import { clusterOf } from '../cluster.ts'
import { Reported } from './reported.ts'

const parsed = parseDocument(SAMPLE_DOCUMENT).document
if (!parsed) throw new Error('the sample has faults')
const STATE = beginState(parsed, { at: 0, author: 'init', comment: '' })
const { groups, services, nodes } = STATE.config
const [group] = groups
const [service] = services
const [dir1 = '', dir2 = ''] = group?.directors ?? []
const server = nodes.find(({ roles }) => !roles.includes('director') && roles.includes('realserver'))?.name ?? ''
const name = service?.name ?? ''

const rates = (connections: number, more: Partial<SaidRates> = {}): SaidRates => ({
  node: [connections, 1, 2, 3, 4],
  services: { [name]: [connections, 1, 2, 3, 4] },
  servers: { [server]: [connections, 1, 2, 3, 4] },
  ...more,
})

class Bench {
  readonly #reported = new Reported()
  now = 100_000
  says(node: string, said: SaidRates | null, owner: string | null = null): this {
    const lease: AgentReport['lease'] = {
      quorum: true,
      groups: [
        {
          ...{ name: group?.name ?? '', role: owner === node ? 'owner' : 'standby', owner, number: 7 },
          ...{ leftMs: owner === node ? 500 : 0, reason: '' },
        },
      ],
      peers: [],
    }
    const self = { revision: 1, state: 'owner', reason: 'as it is', standby: false, versions: {} } as const
    this.#reported.take(
      node,
      { boot: node, number: 1, whole: true, self, lease, services: [], events: [], rates: said },
      { now: this.now, wall: { now: '', latest: '', msOf: () => 0 } },
    )
    return this
  }
  get rates() {
    const { now } = this
    const told = clusterOf({
      ...{ node: dir1, reported: this.#reported, known: () => STATE, troubles: () => [], counters: () => ({}) },
      clock: () => now,
    }).clusterRates()
    return told ?? expect.fail('nothing is known')
  }
  node(which: string) {
    return this.rates.nodes.find((one) => one.name === which) ?? expect.fail(which)
  }
}

test('of a service the owner is believed, of a realserver all directors, each with its age', () => {
  const bench = new Bench().says(dir1, rates(40), dir1).says(dir2, rates(2), dir1).says(server, null)
  bench.now += 1500
  const told = bench.rates
  expect(told.services.find((one) => one.name === name)).toMatchObject({
    ...{ owner: dir1, reason: '', rates: { connections: 40, inBytes: 3 } },
  })
  expect(bench.node(dir1)).toMatchObject({ ageMs: 1500, reason: '', directs: { connections: 40 }, serves: null })
  expect(bench.node(server)).toMatchObject({ ageMs: 1500, reason: '', directs: null, serves: { connections: 42 } })
})

test('who is silent has its age and the reason; what it said before counts no more', () => {
  const bench = new Bench().says(dir1, rates(40), dir1)
  bench.now += 20_000
  bench.says(dir2, rates(2), dir2)
  expect(bench.node(dir1)).toMatchObject({ ageMs: 20_000, directs: null, reason: expect.stringMatching(/not report/) })
  expect(bench.node(server)).toMatchObject({
    ageMs: null,
    serves: { connections: 2 },
    reason: expect.stringMatching(/never/),
  })
})

test('a director without rates says why, and a realserver that says what it forwards is not believed', () => {
  const bench = new Bench().says(dir1, null, dir1).says(server, rates(1000))
  expect(bench.node(dir1)).toMatchObject({ directs: null, reason: expect.stringMatching(/no IPVS/) })
  expect(bench.node(server)).toMatchObject({ directs: null, serves: null })
  expect(bench.rates.services[0]).toMatchObject({ rates: null, reason: `${dir1} said no rates` })
})

test('who has too many realservers to tell of each makes no sum of what the others told', () =>
  expect(
    new Bench()
      .says(dir1, rates(1), dir1)
      .says(dir2, rates(1, { servers: null }))
      .node(server).serves,
  ).toBeNull())
