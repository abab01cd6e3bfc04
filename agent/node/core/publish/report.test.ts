/** What a node that follows coordinators reports to them, and what it tells the other agents still. */
import { MODEL_VERSION } from '@lvsm/changes'
import { LISTENS_MS } from '@lvsm/base'
import { agentReport, decodeMessage, type OwnReport } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { expect, test } from 'vitest'
import { node, statusOf, type TestNode } from '../fixture.ts'

function director(follows: boolean): TestNode {
  const dir1 = node('dir1', undefined, SAMPLE, true, undefined, { follows })
  dir1.feed({ kind: 'lease-up' })
  hears(dir1)
  return dir1
}
const hears = (dir1: TestNode): void => dir1.feed({ kind: 'lease-status', status: statusOf('dir1', 'dir1', 7) })
const reports = (dir1: TestNode): OwnReport[] => dir1.take('report').map(({ report }) => report)
function live(dir1: TestNode, ms: number): void {
  for (let left = ms; left > 0; left -= 500) {
    hears(dir1)
    dir1.run(500)
  }
}
const kinds = (dir1: TestNode): string[] =>
  dir1.take('message').flatMap(({ text }) => {
    const decoded = decodeMessage(text)
    return decoded.ok ? [decoded.message.kind] : ['unread']
  })

test('with each publication it reports what it is, its tables, and all that happened to it, numbered', () => {
  const dir1 = director(true)
  live(dir1, 4000)
  dir1.feed({ kind: 'lease-event', event: { at: 0, group: 'web', kind: 'took', number: 7, reason: 'nobody had it' } })
  dir1.feed({ kind: 'refused', reason: 'drop-from-lease-malformed' })
  live(dir1, 2000)
  const report = reports(dir1).at(-1)
  expect(report).toMatchObject({
    boot: 'dir1',
    self: {
      revision: 1,
      state: 'owner',
      standby: false,
      versions: { 'lvsm-agent': expect.stringMatching(/^\d/) },
      model: MODEL_VERSION,
    },
    lease: { quorum: true, groups: [{ name: 'web', role: 'owner', number: 7, leftMs: 300 }] },
    counters: { 'drop-from-lease-malformed': 1 },
  })
  expect(Object.values(report?.tables ?? {})[0]?.[0]).toMatchObject({ weight: expect.any(Number), healthy: true })
  expect(report?.events.map(({ serial }) => serial)).toEqual(report?.events.map((_, at) => at + 1))
  expect(report?.events).toContainEqual(expect.objectContaining({ kind: 'took', number: 7 }))
})

test('a lease that has just run out has nothing left, and what never happened is not counted', () => {
  const dir1 = director(true)
  const status = statusOf('dir1', 'dir1', 7)
  const groups = status.groups.map((group) => ({ ...group, leftMs: -0.6 }))
  dir1.feed({ kind: 'lease-status', status: { ...status, groups, counters: { 'drop-mac': 0, 'drop-copy': 2 } } })
  dir1.run(2500)
  const { lease, counters } = reports(dir1).at(-1) ?? {}
  expect([lease?.groups[0]?.leftMs, counters]).toEqual([0, { 'drop-copy': 2 }])
})

test('without its lease process it reports that, and no tables; to other agents it says nothing', () => {
  const dir1 = director(true)
  live(dir1, 4000)
  dir1.feed({ kind: 'lease-down', reason: 'gone' })
  dir1.take('report')
  dir1.take('message')
  dir1.run(3000)
  const report = reports(dir1).at(-1)
  expect(report).toMatchObject({ lease: null, tables: {}, self: { state: 'troubled' } })
  expect(report?.troubles.map(({ code }) => code)).toContain('no-lease-process')
  expect(kinds(dir1)).toEqual([])
})

test('who follows tells other agents no tables of who serves, no troubles and no events; who does not reports nothing', () => {
  for (const follows of [true, false]) {
    const dir1 = director(follows)
    dir1.feed({ kind: 'lease-event', event: { at: 0, group: 'web', kind: 'took', number: 7, reason: 'nobody had it' } })
    dir1.feed({
      kind: 'trouble',
      source: 'test',
      trouble: { code: 'test', severity: 'warning', message: 'as a test', hint: '' },
    })
    // Events are told once their order is known.
    live(dir1, LISTENS_MS + 3000)
    const texts = dir1.take('message').map(({ text }) => text)
    const told = texts.join('')
    expect(new Set(texts.map((text) => JSON.parse(text).kind))).toEqual(
      new Set(follows ? ['state'] : ['state', 'tables']),
    )
    expect(['as a test', '"took"'].map((word) => told.includes(word))).toEqual([!follows, !follows])
    // What directors need is there.
    for (const word of ['"ready":{"web"', '"pings":{', '"agreement":{']) expect(told).toContain(word)
    expect(reports(dir1).length > 0).toBe(follows)
  }
})

/** As many nodes as there may be, and many groups: what is told through the heartbeat takes long. */
const LARGE = SAMPLE.replace(
  'groups:\n',
  `${Array.from({ length: 240 }, (_, at) => `  - { name: n${at}, roles: [witness], links: [{ name: inside, address: 10.12.1.${at + 1} }] }\n`).join('')}groups:\n${Array.from({ length: 47 }, (_, at) => `  - { name: a-group-of-many-${at}, directors: [dir1, dir2], vips: [10.20.0.${at + 1}/24] }\n`).join('')}`,
)

test('in the largest cluster, too, coordinators hear it every two seconds', () => {
  const dir1 = node('dir1', undefined, LARGE, true, undefined, { follows: true })
  dir1.feed({ kind: 'lease-up' })
  hears(dir1)
  live(dir1, 10_000)
  reports(dir1)
  live(dir1, 20_000)
  expect(reports(dir1).length).toBeGreaterThanOrEqual(9)
})

test('what it reports is bounded: the worst troubles, and sentences of a length that is read', () => {
  const dir1 = director(true)
  for (let at = 0; at < 400; at++) {
    const severity = at === 399 ? 'critical' : 'warning'
    const trouble = { code: `test-${at}`, severity, message: 'x'.repeat(10_000), hint: 'y'.repeat(10_000) } as const
    dir1.feed({ kind: 'trouble', source: `test ${at}`, trouble })
  }
  live(dir1, 4000)
  const report = reports(dir1).at(-1)
  const said = agentReport.safeParse({ ...report, number: 1, whole: true, services: [], events: [] })
  expect(said.success).toBe(true)
  expect(report?.troubles[0]?.code).toBe('test-399')
  expect(JSON.stringify(report?.troubles).length).toBeLessThan(200_000)
})
