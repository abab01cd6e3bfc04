/** A plot: the shape of a cluster, what happens to it, and what must come of it. */
import type { Random } from '@lvsm/base'
import type { Cluster } from './cluster.ts'
import type { Shape } from './shape.ts'

export interface Plot {
  readonly name: string
  shape(random: Random): Shape
  /** Gives the promise that was broken, null when all were kept; a broken law is thrown. */
  play(cluster: Cluster): string | null
}

/** All processes start, and there is an owner of everything. */
export function begin(cluster: Cluster): string | null {
  for (const machine of cluster.machines) machine.start()
  return settles(cluster, 'after the start')
}

/** A write that is stuck, a quarantine, the grants and the stragglers of before, a few rounds of back-off. */
const SETTLE = { ms: 5000, leases: 5, keepalives: 20 } as const

const longest = (cluster: Cluster, of: 'leaseMs' | 'keepaliveMs'): number =>
  Math.max(...cluster.shape.revisions.map(({ timing }) => timing[of]))

/** There comes a time from which on there is one owner of each group, known to all, for so many keepalives. */
export function settles(cluster: Cluster, when: string, keepalives = 0): string | null {
  const keepaliveMs = longest(cluster, 'keepaliveMs')
  const end =
    cluster.schedule.now + SETTLE.ms + SETTLE.leases * longest(cluster, 'leaseMs') + SETTLE.keepalives * keepaliveMs
  for (;;) {
    const left = Math.max(0, end - cluster.schedule.now)
    if (!cluster.runUntil(() => cluster.unsettled() === null, left, keepaliveMs / 2))
      return `${when}: ${cluster.unsettled()}`
    const restless = stays(cluster, keepalives, when)
    if (restless === null || cluster.schedule.now >= end) return restless
  }
}

/** For so many keepalives nothing changes hands. */
export function stays(cluster: Cluster, keepalives: number, when: string): string | null {
  for (let heartbeats = 0; heartbeats < keepalives; heartbeats++) {
    const restless = cluster.unsettled()
    if (restless !== null) return `${when}: ${restless}`
    cluster.run(cluster.present.timing.keepaliveMs)
  }
  return null
}
