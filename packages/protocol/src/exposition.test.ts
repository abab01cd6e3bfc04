import { expect, test } from 'vitest'
import { COORDINATOR_COUNTERS, COORDINATOR_METRICS, coordinatorCounters } from './coordinator-metrics.ts'
import { COUNTERS } from './counters.ts'
import { DELAY_BOUNDS_MS } from './delays.ts'
import { expositionOf } from './exposition.ts'
import { METRICS } from './metrics.ts'

test('a metric is one piece: help, type, samples; labels are escaped', () => {
  const text = expositionOf([
    { metric: 'lvsm_raft_term', labels: {}, value: 7 },
    { metric: 'lvsm_node_up', labels: { node: 'a' }, value: 1 },
    { metric: 'lvsm_lease_left_seconds', labels: { group: 'x"\\\n' }, value: 0.25 },
    { metric: 'lvsm_node_up', labels: { node: 'b' }, value: 0 },
  ])
  expect(text).toBe(
    [
      '# HELP lvsm_lease_left_seconds What is left of the lease.',
      '# TYPE lvsm_lease_left_seconds gauge',
      String.raw`lvsm_lease_left_seconds{group="x\"\\\n"} 0.25`,
      '# HELP lvsm_node_up The node was heard within its deadtime.',
      '# TYPE lvsm_node_up gauge',
      'lvsm_node_up{node="a"} 1',
      'lvsm_node_up{node="b"} 0',
      '# HELP lvsm_raft_term Raft term that it is in.',
      '# TYPE lvsm_raft_term gauge',
      'lvsm_raft_term 7',
      '',
    ].join('\n'),
  )
})

test('a histogram is cumulative, in seconds, and ends with all of it', () => {
  const counts = DELAY_BOUNDS_MS.map((_, at) => (at === 1 ? 3 : 0))
  const text = expositionOf([], { lvsm_store_write_seconds: { counts: [...counts, 2], sumMs: 12_500, worstMs: 0 } })
  const lines = text.split('\n').slice(2)
  expect(lines.slice(0, 3)).toEqual([
    'lvsm_store_write_seconds_bucket{le="0.001"} 0',
    'lvsm_store_write_seconds_bucket{le="0.002"} 3',
    'lvsm_store_write_seconds_bucket{le="0.005"} 3',
  ])
  expect(lines.slice(-4)).toEqual([
    'lvsm_store_write_seconds_bucket{le="+Inf"} 5',
    'lvsm_store_write_seconds_sum 12.5',
    'lvsm_store_write_seconds_count 5',
    '',
  ])
})

test.each(Object.entries(COORDINATOR_METRICS))(
  '%s has a name, a unit and a help as Prometheus wants them',
  (name, metric) => {
    expect(name).toMatch(/^lvsm_[a-z_]+$/)
    expect(Object.hasOwn(METRICS, name)).toBe(false)
    expect(metric.help).toMatch(/^[A-Z].*\.$/)
    expect(name.endsWith('_seconds')).toBe(metric.unit === 'seconds')
    expect(name.endsWith('_bytes')).toBe(metric.unit === 'bytes')
  },
)

test('every counter of what only coordinators have is one of a coordinator', () => {
  const whats = ['peer', 'connection', 'feed', 'snapshot', 'visitor']
  const dropped = Object.entries(COUNTERS).flatMap(([name, { labels }]) =>
    'what' in labels && whats.includes(labels.what) ? [name] : [],
  )
  const others = ['peer-unsent', 'peer-lost', 'snapshot-unsent', 'login-password', 'login-token']
  expect([...COORDINATOR_COUNTERS].toSorted()).toEqual([...dropped, ...others].toSorted())
  expect(coordinatorCounters({ 'login-token': 3 })).toContainEqual({
    metric: 'lvsm_failed_logins_total',
    labels: { how: 'token' },
    value: 3,
  })
})
