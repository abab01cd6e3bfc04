/** Metrics of a coordinator, beside those of the cluster's status: name, kind, unit, labels and help of each (`metrics.ts`). */
import { COUNTERS } from './counters.ts'
import { counterSample, flag, gauge, histogram, type Metric, type Sample } from './metrics.ts'

export const COORDINATOR_METRICS = {
  lvsm_raft_role: flag('What this coordinator is in Raft.', 'role'),
  lvsm_raft_term: gauge('number', 'Raft term that it is in.'),
  lvsm_raft_leader_known: flag('It hears of a leader.'),
  lvsm_raft_members: gauge('members', 'Coordinators that it knows of.', 'role'),
  lvsm_raft_commit_index: gauge('entries', 'Up to here the log is committed.'),
  lvsm_raft_applied_index: gauge('entries', 'Up to here the log is applied.'),
  lvsm_raft_last_index: gauge('entries', 'Up to here there is a log.'),
  lvsm_raft_log_entries: gauge('entries', 'Entries of the log that are kept: all since the last compaction.'),
  lvsm_raft_peer_match_index: gauge(
    'entries',
    'Up to here the log of a peer is known to be its own; a leader knows.',
    'peer',
  ),
  lvsm_raft_peer_silent_seconds: gauge('seconds', 'Since a peer answered last; a leader knows.', 'peer'),
  lvsm_disk_writable: flag('Writes to its database go through: the disk is not full, and answers.'),
  lvsm_store_bytes: gauge('bytes', 'Database on the disk, with its write-ahead log.'),
  lvsm_store_write_seconds: histogram('From a write of log and state until it is on the disk, fsync included.'),
  lvsm_config_revision: gauge('number', 'Revision of the configuration that it has applied.'),
  lvsm_feed_connections: gauge('connections', 'Agents that follow it now.'),
  lvsm_applied_revision: gauge('number', 'Revision that the agent of a node uses.', 'node'),
  lvsm_report_age_seconds: gauge('seconds', 'Since the agent of a node reported last, to any coordinator.', 'node'),
} as const satisfies Readonly<Record<string, Metric>>

/** Counters of these are a coordinator's. */
const ITS_OWN = /^(drop-(peer|connection|feed|snapshot|visitor)-|peer-|snapshot-|login-)/
export const COORDINATOR_COUNTERS = (Object.keys(COUNTERS) as (keyof typeof COUNTERS)[]).filter((name) =>
  ITS_OWN.test(name),
)

/** From 0 on. */
export const coordinatorCounters = (counts: Readonly<Record<string, number>>): Sample[] =>
  COORDINATOR_COUNTERS.map((name) => counterSample(name, counts[name] ?? 0))
