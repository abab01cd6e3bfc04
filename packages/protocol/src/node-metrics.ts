/**
 * Metrics of one node, beside those that a status has too (`metrics.ts`): what its kernel counts, its checks, its lease process.
 * Names and labels of `node_ipvs_…` are node_exporter's (collector/ipvs_linux.go), so that dashboards made for that go on.
 */
import type { Severity } from '@lvsm/base'
import type { DelayCounts, DelayReport } from './delays.ts'
import { SEVERITIES } from './http/status.ts'
import { OWNERSHIP_EVENTS, type LeaseStatus } from './lease-status.ts'
import { counter, counterSample, flag, gauge, histogram, type Metric, REALSERVER, type Sample } from './metrics.ts'
import { COUNTERS } from './counters.ts'
import type { ProbeFound } from './probe-found.ts'

const SERVICE = ['group', 'service'] as const
/** As `lvsm alert list` says it, `silenced` in the place of what it says of one that lasts. */
export const ALERT_STATES = ['pending', 'firing', 'ending', 'over', 'silenced'] as const
export type AlertState = (typeof ALERT_STATES)[number]
export const TELLING_RESULTS = ['told', 'failed'] as const
const BACKEND = ['local_address', 'local_port', 'remote_address', 'remote_port', 'proto', 'local_mark'] as const

export const NODE_METRICS = {
  lvsm_node_info: flag('Which node of which cluster answers, and its version; always 1.', 'cluster', 'node', 'version'),
  lvsm_group_changes_total: counter('changes', 'What became of a group at this node.', 'group', 'change'),
  lvsm_group_unchecked_services: gauge(
    'services',
    'Services of the group that this node cannot check: verdicts of their realservers stay as they are.',
    'group',
  ),
  lvsm_checks_total: counter('checks', 'Checks of realservers that ended.', 'result'),
  lvsm_check_duration_seconds: histogram('From the beginning of a check until its answer.'),
  lvsm_check_delay_seconds: histogram('How late a check was begun after it was due.'),
  lvsm_checks_under_way: gauge('checks', 'Checks that lvsm-prober was asked for and has not answered.'),
  lvsm_prober_up: flag('The process that makes the checks runs and answers; not there before it has anything to do.'),
  lvsm_prober_restarts_total: counter('times', 'Times that the process that makes the checks was started again.'),
  lvsm_alerts: gauge(
    'alerts',
    `Alerts of the cluster, as this node knows them, and every director and voter: ${ALERT_STATES.join(', ')}.`,
    'state',
  ),
  lvsm_alert_messages_total: counter(
    'messages',
    'Messages of this node to a receiver of alerts: told, or failed (it did not take them, or nobody knows).',
    'receiver',
    'result',
  ),
  lvsm_lease_loop_delay_seconds: histogram('How late the lease process was when its timer rang.'),
  lvsm_lease_renewal_delay_seconds: histogram('How late a lease was extended.'),
  lvsm_check_degraded: flag('It is well, and its program warns (exit code 1 of a plugin).', ...REALSERVER),
  lvsm_check_figure: gauge('as the plugin says', 'Performance data of a plugin.', ...REALSERVER, 'figure', 'unit'),
  lvsm_ipvs: flag('The kernel has IPVS.'),
  lvsm_service_present: flag('The kernel has the service.', ...SERVICE),
  lvsm_service_connections: gauge('connections', 'Connections in IPVS.', ...SERVICE, 'state'),
  lvsm_service_new_connections_total: counter('connections', 'Connections that began.', ...SERVICE),
  lvsm_service_packets_total: counter('packets', 'Packets that passed this node.', ...SERVICE, 'direction'),
  lvsm_service_bytes_total: counter('bytes', 'Bytes that passed this node.', ...SERVICE, 'direction'),
  lvsm_realserver_state: flag(
    'What the last checks make of it (healthy, failed or unchecked): one of its states is 1.',
    ...REALSERVER,
    'state',
  ),
  lvsm_realserver_new_connections_total: counter('connections', 'Connections that began.', ...REALSERVER),
  lvsm_realserver_packets_total: counter('packets', 'Packets that passed this node.', ...REALSERVER, 'direction'),
  lvsm_realserver_bytes_total: counter('bytes', 'Bytes that passed this node.', ...REALSERVER, 'direction'),
  node_ipvs_connections_total: counter('connections', 'The total number of connections made.'),
  node_ipvs_incoming_packets_total: counter('packets', 'The total number of incoming packets.'),
  node_ipvs_outgoing_packets_total: counter('packets', 'The total number of outgoing packets.'),
  node_ipvs_incoming_bytes_total: counter('bytes', 'The total amount of incoming data.'),
  node_ipvs_outgoing_bytes_total: counter('bytes', 'The total amount of outgoing data.'),
  node_ipvs_backend_connections_active: gauge(
    'connections',
    'The current active connections by local and remote address.',
    ...BACKEND,
  ),
  node_ipvs_backend_connections_inactive: gauge(
    'connections',
    'The current inactive connections by local and remote address.',
    ...BACKEND,
  ),
  node_ipvs_backend_weight: gauge('weight', 'The current backend weight by local and remote address.', ...BACKEND),
} as const satisfies Readonly<Record<string, Metric>>

export const CHECK_RESULTS = ['ok', 'failed', 'unknown'] as const
export type CheckResults = Readonly<Record<(typeof CHECK_RESULTS)[number], number>>

/** What an agent's core says of itself for metrics. */
export interface Figures {
  readonly revision: number
  /** Of this process. */
  readonly counters: Readonly<Record<string, number>>
  readonly troubles: Readonly<Record<Severity, number>>
  /** Group → how many of its services cannot be checked here; of those that this node directs. */
  readonly unchecked?: ReadonlyMap<string, number>
  /** `service realserver-address` → does it answer; of those that were checked. */
  readonly health: readonly (readonly [string, boolean])[]
  /** The same → what its program said beside that; of those that have one. */
  readonly found: readonly (readonly [string, Pick<ProbeFound, 'degraded' | 'perfdata'>])[]
  readonly alerts: Readonly<Record<AlertState, number>>
  /** By receiver of the configuration: messages that this node's agent sent since it began. */
  readonly messages: ReadonlyMap<string, Tellings>
}
export type Tellings = Readonly<Record<(typeof TELLING_RESULTS)[number], number>>
/** Of the process that makes the checks. */
export interface ProberFigures {
  readonly up: boolean
  readonly restarts: number
  /** Checks alone. */
  readonly underWay: number
}
/** What happened at this node since its agent began. */
export interface Tally {
  readonly checks: CheckResults
  readonly durations: DelayCounts
  /** How late checks were begun. */
  readonly delays: DelayCounts
  /** `group change` → how often. */
  readonly changes: ReadonlyMap<string, number>
}
export interface NodeView {
  readonly cluster: string
  readonly node: string
  readonly version: string
  readonly groups: readonly string[]
  readonly figures: Figures
  readonly tally: Tally
  /** Null: the lease process is silent. */
  readonly lease: LeaseStatus | null
  /** Null: nothing was to be done for it yet. */
  readonly prober: ProberFigures | null
}

/** All but what the kernel counts. */
export function nodeSamples({ cluster, node, version, groups, figures, tally, lease, prober }: NodeView): Sample[] {
  const counts: Readonly<Record<string, number>> = { ...lease?.counters, ...figures.counters }
  const names = new Set([...Object.keys(COUNTERS), ...Object.keys(counts)])
  return [
    { metric: 'lvsm_node_info', labels: { cluster, node, version }, value: 1 },
    { metric: 'lvsm_applied_revision', labels: { node }, value: figures.revision },
    ...[...names].map((name) => counterSample(name, counts[name] ?? 0)),
    ...SEVERITIES.map((severity): Sample => {
      return { metric: 'lvsm_troubles', labels: { node, severity }, value: figures.troubles[severity] }
    }),
    ...CHECK_RESULTS.map((result): Sample => {
      return { metric: 'lvsm_checks_total', labels: { result }, value: tally.checks[result] }
    }),
    ...groups.flatMap((group) =>
      OWNERSHIP_EVENTS.map((change): Sample => {
        const value = tally.changes.get(`${group} ${change}`) ?? 0
        return { metric: 'lvsm_group_changes_total', labels: { group, change }, value }
      }),
    ),
    ...[...(figures.unchecked ?? [])].map(([group, value]): Sample => {
      return { metric: 'lvsm_group_unchecked_services', labels: { group }, value }
    }),
    ...(prober ? proberSamples(prober) : []),
    ...alertSamples(figures),
    ...(lease ? leaseSamples(node, lease) : []),
  ]
}

const proberSamples = ({ up, restarts, underWay }: ProberFigures): Sample[] => [
  { metric: 'lvsm_checks_under_way', labels: {}, value: underWay },
  { metric: 'lvsm_prober_up', labels: {}, value: Number(up) },
  { metric: 'lvsm_prober_restarts_total', labels: {}, value: restarts },
]
const alertSamples = ({ alerts, messages }: Pick<Figures, 'alerts' | 'messages'>): Sample[] => [
  ...ALERT_STATES.map((state): Sample => ({ metric: 'lvsm_alerts', labels: { state }, value: alerts[state] })),
  ...[...messages].flatMap(([receiver, counts]) =>
    TELLING_RESULTS.map((result): Sample => {
      return { metric: 'lvsm_alert_messages_total', labels: { receiver, result }, value: counts[result] }
    }),
  ),
]

function leaseSamples(node: string, { quorum, standby, groups, peers }: LeaseStatus): Sample[] {
  return [
    { metric: 'lvsm_quorum', labels: {}, value: Number(quorum) },
    { metric: 'lvsm_node_standby', labels: { node }, value: Number(standby) },
    ...groups.flatMap(({ name: group, owner, number, leftMs }): Sample[] => [
      { metric: 'lvsm_group_owned', labels: { group, owner: owner ?? '' }, value: Number(owner !== null) },
      { metric: 'lvsm_lease_number', labels: { group }, value: number },
      { metric: 'lvsm_lease_left_seconds', labels: { group }, value: Math.max(0, leftMs) / 1000 },
    ]),
    ...peers.flatMap(({ name, life, standby: isAside }): Sample[] => [
      { metric: 'lvsm_node_up', labels: { node: name }, value: Number(life === 'alive' || life === 'late') },
      { metric: 'lvsm_node_standby', labels: { node: name }, value: Number(isAside) },
    ]),
  ]
}

export function nodeHistograms({ tally, lease }: Pick<NodeView, 'tally' | 'lease'>): Record<string, DelayReport> {
  const { durations, delays } = tally
  return {
    lvsm_check_duration_seconds: { counts: [...durations.counts], sumMs: durations.sumMs, worstMs: 0 },
    lvsm_check_delay_seconds: { counts: [...delays.counts], sumMs: delays.sumMs, worstMs: 0 },
    ...(lease?.delays
      ? { lvsm_lease_loop_delay_seconds: lease.delays.loop, lvsm_lease_renewal_delay_seconds: lease.delays.renewal }
      : {}),
  }
}
