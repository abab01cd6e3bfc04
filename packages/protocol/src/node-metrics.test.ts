import { expect, test } from 'vitest'
import { newDelayCounts } from './delays.ts'
import { METRIC_PARTS } from './exposition.ts'
import type { LeaseStatus } from './lease-status.ts'
import type { Metric } from './metrics.ts'
import { nodeHistograms, nodeSamples } from './node-metrics.ts'

const DELAY = { counts: [], sumMs: 0, worstMs: 0 }
const LEASE: LeaseStatus = {
  node: 'dir1',
  incarnation: 'a',
  quarantineMs: 0,
  standby: false,
  quorum: true,
  groups: [
    { name: 'web', role: 'owner', owner: 'dir1', number: 7, leftMs: 250, reason: '' },
    { name: 'mail', role: 'standby', owner: null, number: 0, leftMs: -3, reason: '' },
  ],
  peers: [
    { name: 'dir2', life: 'late', silentMs: 5, standby: true },
    { name: 'rs1', life: 'dead', silentMs: 5000, standby: false },
  ],
  troubles: [],
  counters: { 'drop-mac': 4 },
  delays: { loop: DELAY, renewal: DELAY },
}
const VIEW = {
  cluster: 'lab',
  node: 'dir1',
  version: '1.2.3',
  groups: ['web', 'mail'],
  figures: {
    revision: 7,
    counters: { 'drop-message-malformed': 2 },
    troubles: { critical: 1, warning: 0, info: 0 },
    health: [],
    found: [],
    alerts: { pending: 1, firing: 2, ending: 0, over: 3, silenced: 4 },
    messages: new Map([['ops', { told: 5, failed: 6 }]]),
  },
  prober: { up: true, restarts: 7, underWay: 8 },
  tally: {
    checks: { ok: 5, failed: 1, unknown: 0 },
    durations: newDelayCounts(),
    delays: newDelayCounts(),
    changes: new Map([
      ['web took', 3],
      ['gone took', 9],
    ]),
  },
  lease: LEASE,
}
const samples = nodeSamples(VIEW)
const of = (metric: string) =>
  samples.filter((sample) => sample.metric === metric).map(({ labels, value }) => [...Object.values(labels), value])

test('each is of a metric that there is, with exactly its labels, once', () => {
  const all = new Map(Object.values(METRIC_PARTS).flatMap((part) => Object.entries<Metric>(part)))
  for (const { metric, labels } of samples)
    expect(Object.keys(labels).sort(), metric).toEqual([...(all.get(metric)?.labels ?? [])].sort())
  const identities = samples.map(({ metric, labels }) => JSON.stringify([metric, labels]))
  expect(new Set(identities).size).toBe(identities.length)
})
test('counters of both processes, troubles, checks and the changes of groups of the configuration', () => {
  expect(of('lvsm_dropped_total')).toContainEqual(['datagram', 'mac', 4])
  expect(of('lvsm_troubles')).toContainEqual(['dir1', 'critical', 1])
  expect(of('lvsm_checks_total')).toEqual([
    ['ok', 5],
    ['failed', 1],
    ['unknown', 0],
  ])
  expect(of('lvsm_group_changes_total')).toContainEqual(['web', 'took', 3])
  expect(of('lvsm_group_changes_total')).toContainEqual(['mail', 'lost', 0])
  expect(of('lvsm_group_changes_total').flat()).not.toContain('gone')
})
test('what the lease process says; nothing of it where that is silent', () => {
  expect(of('lvsm_group_owned')).toEqual([
    ['web', 'dir1', 1],
    ['mail', '', 0],
  ])
  expect(of('lvsm_lease_left_seconds')).toEqual([
    ['web', 0.25],
    ['mail', 0],
  ])
  expect(of('lvsm_node_up')).toEqual([
    ['dir2', 1],
    ['rs1', 0],
  ])
  expect(of('lvsm_node_standby')).toEqual([
    ['dir1', 0],
    ['dir2', 1],
    ['rs1', 0],
  ])
  const silent = nodeSamples({ ...VIEW, lease: null }).map(({ metric }) => metric)
  expect(silent).toContain('lvsm_checks_total')
  for (const name of ['lvsm_quorum', 'lvsm_group_owned', 'lvsm_node_up']) expect(silent).not.toContain(name)
  expect(Object.keys(nodeHistograms(VIEW))).toHaveLength(4)
  expect(Object.keys(nodeHistograms({ ...VIEW, lease: null }))).toEqual([
    'lvsm_check_duration_seconds',
    'lvsm_check_delay_seconds',
  ])
})

test('alerts by their state, what receivers were told, and the process that checks, from its beginning on', () => {
  expect(of('lvsm_alerts')).toEqual([
    ['pending', 1],
    ['firing', 2],
    ['ending', 0],
    ['over', 3],
    ['silenced', 4],
  ])
  expect(of('lvsm_alert_messages_total')).toEqual([
    ['ops', 'told', 5],
    ['ops', 'failed', 6],
  ])
  expect([of('lvsm_prober_up'), of('lvsm_prober_restarts_total'), of('lvsm_checks_under_way')]).toEqual([
    [[1]],
    [[7]],
    [[8]],
  ])
  const before = nodeSamples({ ...VIEW, prober: null }).map(({ metric }) => metric)
  for (const name of ['lvsm_prober_up', 'lvsm_checks_under_way']) expect(before).not.toContain(name)
})

test('of each group it is told how many of its services cannot be checked here; of an older core nothing is', () => {
  const unchecked = new Map([
    ['web', 2],
    ['mail', 0],
  ])
  const told = (figures: typeof VIEW.figures & { unchecked?: typeof unchecked }) =>
    nodeSamples({ ...VIEW, figures }).filter(({ metric }) => metric === 'lvsm_group_unchecked_services')
  expect(told({ ...VIEW.figures, unchecked }).map(({ labels, value }) => [labels, value])).toEqual([
    [{ group: 'web' }, 2],
    [{ group: 'mail' }, 0],
  ])
  expect(told(VIEW.figures)).toEqual([])
})
