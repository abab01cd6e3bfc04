import { describe, expect, test } from 'vitest'
import { COUNTERS, counterOf } from './counters.ts'
import type { Status } from './http/status.ts'
import { METRICS, type MetricName, samplesOf } from './metrics.ts'

const STATUS: Status = {
  cluster: 'lab',
  node: 'dir1',
  revision: 3,
  quorum: true,
  groups: [
    {
      name: 'web',
      owner: 'dir1',
      number: 7,
      leftMs: 250,
      addresses: ['10.11.0.10'],
      directors: ['dir1', 'dir2'],
      pings: [],
      established: [
        { node: 'dir1', count: 52 },
        { node: 'dir2', count: 50 },
      ],
      takers: [
        { node: 'dir2', could: true, reason: '' },
        { node: 'dir3', could: false, reason: 'no IPVS' },
        { node: 'dir4', could: null, reason: 'its agent did not say' },
      ],
      state: 'owned',
      reason: 'held',
    },
  ],
  services: [
    {
      name: 'http',
      group: 'web',
      address: '10.11.0.10',
      port: 80,
      protocol: 'tcp',
      scheduler: 'rr',
      realservers: [
        {
          node: 'rs1',
          address: '10.11.0.11',
          port: 80,
          forward: 'dr',
          weight: 2,
          healthy: true,
          active: 5,
          inactive: 9,
          reason: '',
        },
        {
          node: 'rs2',
          address: '10.11.0.12',
          port: 80,
          forward: 'dr',
          weight: 0,
          healthy: null,
          active: 0,
          inactive: 0,
          reason: '',
        },
      ],
    },
  ],
  nodes: [
    { name: 'dir1', roles: [], voter: true, state: 'owner', reason: '', standby: false, agent: true },
    { name: 'dir2', roles: [], voter: true, state: 'dead', reason: '', standby: true, agent: false },
  ],
  troubles: [{ node: 'dir2', code: 'c', severity: 'warning', message: 'm' }],
  counters: { 'drop-mac': 4, 'send-ENETUNREACH': 2, 'of-another-version': 1 },
}

describe('the registry', () => {
  test.each(Object.entries(METRICS))('%s has a name, a unit and a help as Prometheus wants them', (name, metric) => {
    expect(name).toMatch(/^lvsm_[a-z_]+$/)
    expect(name.endsWith('_total')).toBe(metric.kind === 'counter')
    expect(metric.unit).not.toBe('')
    expect(metric.help).toMatch(/^[A-Z].*\.$/)
    if (metric.unit === 'seconds') expect(name).toMatch(/_seconds$/)
  })
  test.each(Object.entries(COUNTERS))('counter %s has a row of its own, with the labels of its metric', (name, row) => {
    expect(METRICS[row.metric].kind).toBe('counter')
    expect(Object.keys(row.labels).sort()).toEqual([...METRICS[row.metric].labels].sort())
    const same = Object.values(COUNTERS).filter(
      (other) => other.metric === row.metric && JSON.stringify(other.labels) === JSON.stringify(row.labels),
    )
    expect(same).toHaveLength(1)
    expect(counterOf(name)).toBe(row)
  })
  test('what the kernel answers to a send has a row by its code; what nobody knows has none', () => {
    expect(counterOf('send-EPERM')).toMatchObject({ metric: 'lvsm_send_failures_total', labels: { code: 'EPERM' } })
    expect(counterOf('toString')).toBeNull()
  })
})

describe('samples of a status', () => {
  const samples = samplesOf(STATUS)
  const of = (metric: MetricName) =>
    samples.filter((sample) => sample.metric === metric).map(({ labels, value }) => [Object.values(labels), value])

  test('each is of a metric that there is, with exactly its labels', () => {
    for (const { metric, labels } of samples)
      expect(Object.keys(labels).sort(), metric).toEqual([...METRICS[metric as MetricName].labels].sort())
    const identities = samples.map(({ metric, labels }) => JSON.stringify([metric, labels]))
    expect(new Set(identities).size).toBe(identities.length)
  })
  test('every metric has one', () => {
    expect(new Set(samples.map(({ metric }) => metric))).toEqual(new Set(Object.keys(METRICS)))
  })
  test('counters are there from 0 on', () => {
    expect(of('lvsm_dropped_total')).toContainEqual([['datagram', 'mac'], 4])
    expect(of('lvsm_dropped_total')).toContainEqual([['datagram', 'key'], 0])
    expect(of('lvsm_send_failures_total')).toContainEqual([['ENETUNREACH'], 2])
    expect(of('lvsm_other_total')).toEqual([[['of-another-version'], 1]])
  })
  test('gauges say what the status says', () => {
    expect(of('lvsm_quorum')).toEqual([[[], 1]])
    expect(of('lvsm_cluster_health')).toEqual([
      [['healthy'], 0],
      [['degraded'], 1],
      [['not served'], 0],
      [['not known'], 0],
    ])
    expect(of('lvsm_group_takers')).toEqual([[['web'], 1]])
    expect(of('lvsm_group_established')).toEqual([
      [['web', 'dir1'], 52],
      [['web', 'dir2'], 50],
    ])
    expect(of('lvsm_group_owned')).toEqual([[['web', 'dir1'], 1]])
    expect(of('lvsm_lease_number')).toEqual([[['web'], 7]])
    expect(of('lvsm_lease_left_seconds')).toEqual([[['web'], 0.25]])
    expect(of('lvsm_node_up')).toEqual([
      [['dir1'], 1],
      [['dir2'], 0],
    ])
    expect(of('lvsm_node_standby')).toEqual([
      [['dir1'], 0],
      [['dir2'], 1],
    ])
    expect(of('lvsm_troubles')).toContainEqual([['dir2', 'warning'], 1])
    expect(of('lvsm_troubles')).toContainEqual([['dir1', 'warning'], 0])
    expect(of('lvsm_realserver_weight')).toEqual([
      [['web', 'http', 'rs1', '10.11.0.11:80'], 2],
      [['web', 'http', 'rs2', '10.11.0.12:80'], 0],
    ])
    expect(of('lvsm_realserver_healthy')).toEqual([[['web', 'http', 'rs1', '10.11.0.11:80'], 1]])
    expect(of('lvsm_realserver_connections')).toContainEqual([['web', 'http', 'rs1', '10.11.0.11:80', 'inactive'], 9])
  })
  test('of a table that its owner did not tell there are none', () => {
    const services = STATUS.services.map((service) => ({ ...service, told: false }))
    const told = samplesOf({ ...STATUS, services }).map(({ metric }) => metric)
    expect(told.filter((metric) => metric.startsWith('lvsm_realserver'))).toEqual([])
    expect(told).toContain('lvsm_group_owned')
  })
  test('where some owner tells nothing for a while, the others do not begin to be told one by one', () => {
    const [service] = STATUS.services
    const [server] = service?.realservers ?? []
    if (!service || !server) throw new Error('none')
    const most = { ...service, name: 'large', told: false, realservers: Array.from({ length: 2000 }, () => server) }
    const told = samplesOf({ ...STATUS, services: [service, most] }).map(({ metric }) => metric)
    expect(told).not.toContain('lvsm_realserver_weight')
    expect(told).toContain('lvsm_service_realservers')
  })
})
