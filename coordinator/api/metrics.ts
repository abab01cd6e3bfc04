/** What `GET /metrics` of a coordinator answers: the cluster as its status says it, and the coordinator itself. */
import { newestOf, type State } from '@lvsm/changes'
import {
  coordinatorCounters,
  type DelayReport,
  expositionOf,
  gaugesOf,
  type MetricsQuery,
  type Sample,
  type Status,
} from '@lvsm/protocol'
import type { CoordinatorStatus } from '../configuration.ts'

export interface MetricsView {
  readonly coordinator: CoordinatorStatus
  readonly known: State | null
  /** Null: there is no configuration yet. */
  readonly cluster: Status | null
  readonly counters: Readonly<Record<string, number>>
  readonly writes: DelayReport
  /** Of its database. */
  readonly bytes: number
  /** Agents that follow it now. */
  readonly following: number
  /** Node → the revision that its agent uses. */
  readonly applied: Iterable<readonly [string, { readonly revision: number }]>
}

export function metricsText(view: MetricsView, wanted: MetricsQuery = {}): string {
  const { cluster, known, counters, writes, bytes, following, applied } = view
  const samples: Sample[] = [
    ...coordinatorCounters(counters),
    ...(cluster ? gaugesOf(cluster, wanted) : []),
    ...raftSamples(view.coordinator),
    { metric: 'lvsm_store_bytes', labels: {}, value: bytes },
    ...(known ? [{ metric: 'lvsm_config_revision', labels: {}, value: newestOf(known.history) } as const] : []),
    { metric: 'lvsm_feed_connections', labels: {}, value: following },
    ...[...applied].map(
      ([node, { revision }]) => ({ metric: 'lvsm_applied_revision', labels: { node }, value: revision }) as const,
    ),
    ...(cluster?.nodes ?? []).flatMap(({ name: node, ageMs = null }): Sample[] =>
      ageMs === null ? [] : [{ metric: 'lvsm_report_age_seconds', labels: { node }, value: ageMs / 1000 }],
    ),
  ]
  return expositionOf(samples, { lvsm_store_write_seconds: writes })
}

function raftSamples({ raft, members }: CoordinatorStatus): Sample[] {
  const { role, term, leader, membership, commitIndex, lastApplied, lastLogIndex, logEntries, disk, peers } = raft
  const names = peers.map(({ id }) => members.get(id)?.name ?? String(id))
  const roles = ['voter', 'learner'] as const
  return [
    { metric: 'lvsm_raft_role', labels: { role }, value: 1 },
    { metric: 'lvsm_raft_term', labels: {}, value: term },
    { metric: 'lvsm_raft_leader_known', labels: {}, value: Number(leader !== null) },
    ...roles.map((one): Sample => {
      const value = membership.members.filter((member) => member.role === one).length
      return { metric: 'lvsm_raft_members', labels: { role: one }, value }
    }),
    { metric: 'lvsm_raft_commit_index', labels: {}, value: commitIndex },
    { metric: 'lvsm_raft_applied_index', labels: {}, value: lastApplied },
    { metric: 'lvsm_raft_last_index', labels: {}, value: lastLogIndex },
    { metric: 'lvsm_raft_log_entries', labels: {}, value: logEntries },
    { metric: 'lvsm_disk_writable', labels: {}, value: Number(disk === 'ok') },
    ...peers.flatMap(({ id, matchIndex, silentMs }, at): Sample[] => {
      const name = names[at] ?? ''
      // A node that came in anew stands beside its former self until that is taken out.
      const labels = { peer: names.indexOf(name) === names.lastIndexOf(name) ? name : `${name} (${id})` }
      return [
        { metric: 'lvsm_raft_peer_match_index', labels, value: matchIndex },
        { metric: 'lvsm_raft_peer_silent_seconds', labels, value: silentMs / 1000 },
      ]
    }),
  ]
}
