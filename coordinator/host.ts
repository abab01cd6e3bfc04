/** What all listeners of one coordinator's API have in common. */
import { statSync } from 'node:fs'
import { fingerprintOf } from '@lvsm/trust'
import { Login } from './adapters/api/login.ts'
import { Passwords } from './adapters/api/passwords.ts'
import type { ApiHost } from './adapters/api/route-context.ts'
import { Audit } from './api/audit.ts'
import { Tempo } from './api/tempo.ts'
import { metricsText } from './api/metrics.ts'
import type { Coordinator } from './coordinator.ts'
import type { Counts } from './counts.ts'
import { databaseOf, type Home } from './home.ts'
import { type Served, ticks } from './nodes.ts'

export interface HostParts {
  readonly home: Home
  readonly stateDir: string
  readonly coordinator: Coordinator
  readonly nodes: Served
  readonly counts: Counts
  say(text: string): void
}

export function hostOf({ home, stateDir, coordinator, nodes, counts, say }: HostParts): ApiHost {
  const { reports, feed, cluster, recorder } = nodes
  const passwords = new Passwords()
  return {
    ...cluster,
    clusterRecorded: (agoMs) => recorder.answer(agoMs),
    pin: fingerprintOf(home.authority),
    passwords,
    login: new Login(passwords, ticks),
    audit: new Audit(say),
    tempo: new Tempo(),
    progress: () => reports.all(),
    silentMs: (id) => reports.silentMs(id),
    versions: () => reports.versions(),
    metrics: (wanted) =>
      metricsText(
        {
          coordinator: coordinator.status(),
          known: coordinator.known(),
          cluster: cluster.clusterStatus(),
          counters: counts.present(),
          writes: counts.writes(),
          bytes: bytesOf(databaseOf(stateDir)),
          following: feed.following().length,
          applied: reports.all(),
        },
        wanted,
      ),
  }
}

/** With the write-ahead log, where there is one (SQLite, "Write-Ahead Logging"). */
const bytesOf = (database: string): number =>
  [database, `${database}-wal`].reduce((sum, path) => sum + (statSync(path, { throwIfNoEntry: false })?.size ?? 0), 0)
