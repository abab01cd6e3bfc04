/**
 * Metrics: name, kind, unit, labels and help of each, under the names that Prometheus expects (base units, `_total` for
 * counters), and a status as samples of them. As text: `exposition.ts`.
 */
import { endpointText } from '@lvsm/base'
import type { COORDINATOR_METRICS } from './coordinator-metrics.ts'
import type { NODE_METRICS } from './node-metrics.ts'
import { COUNTERS, counterOf } from './counters.ts'
import type { Status } from './http/status.ts'
import { isTold } from './http/serving.ts'
import { type MetricsQuery, REALSERVERS_TOLD } from './http/counts.ts'
import { HEALTHS, judge } from './http/verdict.ts'

export interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram'
  readonly unit: string
  readonly labels: readonly string[]
  readonly help: string
}
export const counter = (unit: string, help: string, ...labels: readonly string[]): Metric => ({
  kind: 'counter',
  unit,
  labels,
  help,
})
export const gauge = (unit: string, help: string, ...labels: readonly string[]): Metric => ({
  kind: 'gauge',
  unit,
  labels,
  help,
})
export const histogram = (help: string): Metric => ({ kind: 'histogram', unit: 'seconds', labels: [], help })
/** 1 where it is so, else 0. */
export const flag = (help: string, ...labels: readonly string[]): Metric => gauge('boolean', help, ...labels)

/** What each series of one realserver is of: the same where nodes and where coordinators tell it. */
export const REALSERVER = ['group', 'service', 'realserver', 'address'] as const

export const METRICS = {
  lvsm_dropped_total: counter('messages', 'Received and not used.', 'what', 'reason'),
  lvsm_send_failures_total: counter('datagrams', 'Datagrams that could not be sent.', 'code'),
  lvsm_greetings_total: counter('datagrams', 'Heartbeats of nodes that do not know this start yet.'),
  lvsm_stray_answers_total: counter('datagrams', 'Answers of voters to a request that is over.'),
  lvsm_link_failures_total: counter('links', 'Links that could not be bound.'),
  lvsm_inbox_overflows_total: counter('inputs', 'Inputs lost because too many waited.'),
  lvsm_announce_failures_total: counter('announcements', 'Announcements that the kernel did not send.'),
  lvsm_fence_restored_total: counter('times', 'Times that somebody else changed the fence.'),
  lvsm_filter_restored_total: counter('times', 'Times that somebody else changed the rules in front of heartbeats.'),
  lvsm_state_write_failures_total: counter('writes', 'Writes of state files that failed.', 'file'),
  lvsm_strange_files_total: counter('files', 'State files of another version.'),
  lvsm_damaged_files_total: counter('files', 'State files that are damaged.'),
  lvsm_peer_unsent_total: counter('messages', 'Messages to coordinators that could not be sent.'),
  lvsm_peer_lost_total: counter('connections', 'Connections to coordinators that fell silent.'),
  lvsm_snapshots_unsent_total: counter('snapshots', 'Snapshots that did not arrive as a whole.'),
  lvsm_failed_logins_total: counter('tries', 'Logins with a wrong password, and requests with a wrong token.', 'how'),
  lvsm_other_total: counter('events', 'Counters of another version.', 'counter'),
  lvsm_quorum: flag('This node hears a majority of the voters.'),
  lvsm_cluster_health: flag('What lvsm status says first; one of them is 1.', 'health'),
  lvsm_group_takers: gauge('directors', 'Directors besides the owner that could take the group over now.', 'group'),
  lvsm_group_owned: flag('A node owns the group.', 'group', 'owner'),
  lvsm_group_established: gauge(
    'connections',
    'Established connections of the group in the table of each director, where they are synchronised.',
    'group',
    'node',
  ),
  lvsm_lease_number: gauge('number', 'Lease (fencing) number of the group.', 'group'),
  lvsm_lease_left_seconds: gauge('seconds', 'What is left of the lease.', 'group'),
  lvsm_node_up: flag('The node was heard within its deadtime.', 'node'),
  lvsm_node_standby: flag(
    'The node is under maintenance: an operator wants it to own nothing (lvsm standby on).',
    'node',
  ),
  lvsm_troubles: gauge('troubles', 'Troubles that are present.', 'node', 'severity'),
  lvsm_service_realservers: gauge(
    'realservers',
    'Realservers of the service by the last checks.',
    'group',
    'service',
    'state',
  ),
  lvsm_realserver_weight: gauge('weight', 'Weight in the table of the owner.', ...REALSERVER),
  lvsm_realserver_healthy: flag('The last checks succeeded.', ...REALSERVER),
  lvsm_realserver_connections: gauge('connections', 'Connections in IPVS.', ...REALSERVER, 'state'),
} as const satisfies Readonly<Record<string, Metric>>
export type MetricName = keyof typeof METRICS

export interface Sample {
  readonly metric: MetricName | keyof typeof COORDINATOR_METRICS | keyof typeof NODE_METRICS
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

const DEAD: readonly string[] = ['dead', 'unknown']

/** Every counter has a sample, from 0 on; gauges have one for each object of the status. */
export function samplesOf(status: Status): Sample[] {
  const names = new Set([...Object.keys(COUNTERS), ...Object.keys(status.counters)])
  return [...[...names].map((name) => counterSample(name, status.counters[name] ?? 0)), ...gaugesOf(status)]
}

/** Are realservers told one by one, `count` of them? */
export const isEachTold = ({ realservers }: MetricsQuery, count: number): boolean =>
  realservers === undefined ? count <= REALSERVERS_TOLD : realservers === 'yes'

/** What it says of the cluster. */
export function gaugesOf(status: Status, wanted: MetricsQuery = {}): Sample[] {
  // Where the owner did not tell its table, its weights and connections are not 0: they are not known.
  const told = status.services.filter((service) => isTold(status, service))
  // Of all, told or not: else series of each would come and go with the agent of an owner.
  const count = status.services.reduce((sum, { realservers }) => sum + realservers.length, 0)
  return [
    { metric: 'lvsm_quorum', labels: {}, value: Number(status.quorum) },
    ...healthSamples(status),
    ...status.groups.flatMap(groupSamples),
    ...status.nodes.flatMap(({ name: node, state, standby }): Sample[] => [
      { metric: 'lvsm_node_up', labels: { node }, value: Number(!DEAD.includes(state)) },
      { metric: 'lvsm_node_standby', labels: { node }, value: Number(standby) },
      ...troubleSamples(status, node),
    ]),
    ...told.flatMap(serviceSamples),
    ...(isEachTold(wanted, count) ? told.flatMap(realserverSamples) : []),
  ]
}

export function counterSample(name: string, value: number): Sample {
  const known = counterOf(name)
  if (!known) return { metric: 'lvsm_other_total', labels: { counter: name }, value }
  return { metric: known.metric, labels: known.labels, value }
}

function healthSamples(status: Status): Sample[] {
  const { health } = judge(status)
  return HEALTHS.map((one) => ({
    metric: 'lvsm_cluster_health',
    labels: { health: one },
    value: Number(one === health),
  }))
}

function groupSamples({
  name: group,
  owner,
  number,
  leftMs,
  takers = [],
  established = [],
}: Status['groups'][number]): Sample[] {
  return [
    { metric: 'lvsm_group_takers', labels: { group }, value: takers.filter(({ could }) => could === true).length },
    { metric: 'lvsm_group_owned', labels: { group, owner: owner ?? '' }, value: Number(owner !== null) },
    { metric: 'lvsm_lease_number', labels: { group }, value: number },
    { metric: 'lvsm_lease_left_seconds', labels: { group }, value: leftMs / 1000 },
    ...established.map(({ node, count }): Sample => {
      return { metric: 'lvsm_group_established', labels: { group, node }, value: count }
    }),
  ]
}

function troubleSamples({ troubles }: Status, node: string): Sample[] {
  const severities = ['critical', 'warning', 'info'] as const
  return severities.map((severity) => ({
    metric: 'lvsm_troubles',
    labels: { node, severity },
    value: troubles.filter((one) => one.node === node && one.severity === severity).length,
  }))
}

export const REALSERVER_STATES = ['healthy', 'failed', 'unchecked'] as const
/** `healthy`: null before the first check. */
export const realserverState = (healthy: boolean | null): (typeof REALSERVER_STATES)[number] =>
  healthy === null ? 'unchecked' : healthy ? 'healthy' : 'failed'

function serviceSamples({ name: service, group, realservers }: Status['services'][number]): Sample[] {
  const states = realservers.map(({ healthy }) => realserverState(healthy))
  return REALSERVER_STATES.map((state) => {
    const value = states.filter((one) => one === state).length
    return { metric: 'lvsm_service_realservers', labels: { group, service, state }, value }
  })
}

function realserverSamples({ name: service, group, realservers }: Status['services'][number]): Sample[] {
  return realservers.flatMap(({ node: realserver, address, port, weight, healthy, active, inactive }): Sample[] => {
    // A service may have one node twice, on two ports.
    const labels = { group, service, realserver, address: endpointText(address, port) }
    return [
      { metric: 'lvsm_realserver_weight', labels, value: weight },
      // Before the first check nobody knows.
      ...(healthy === null ? [] : [{ metric: 'lvsm_realserver_healthy', labels, value: Number(healthy) } as const]),
      { metric: 'lvsm_realserver_connections', labels: { ...labels, state: 'active' }, value: active },
      { metric: 'lvsm_realserver_connections', labels: { ...labels, state: 'inactive' }, value: inactive },
    ]
  })
}
