/** The cluster as this coordinator knows it: answered from memory, whoever is silent. */
import type { Trouble } from '@lvsm/base'
import type { State } from '@lvsm/changes'
import type { ClusterAnswer, Events, Status } from '@lvsm/protocol'
import { believedEvents, clusterStatusOf } from './reported/cluster-status.ts'
import type { Reported } from './reported/reported.ts'

export interface ClusterWorld {
  /** Of the coordinator. */
  readonly node: string
  readonly reported: Reported
  known(): State | null
  troubles(): readonly Trouble[]
  counters(): Readonly<Record<string, number>>
  /** Milliseconds that only grow, the same as of the reports. */
  clock(): number
}
export interface Cluster {
  /** Null: there is no configuration yet. */
  clusterStatus(): Status | null
  clusterEvents(): Events
}

export const clusterOf = ({ node, reported, known, troubles, counters, clock }: ClusterWorld): Cluster => ({
  clusterStatus() {
    const state = known()
    if (!state) return null
    return clusterStatusOf({
      state,
      records: reported.all(),
      now: clock(),
      node,
      troubles: troubles().map(troubleOf),
      counters: counters(),
    })
  },
  clusterEvents() {
    const state = known()
    return { events: state ? believedEvents(reported.events(), state.config) : [] }
  },
})

const troubleOf = ({ code, severity, message, hint, leftMs }: Trouble) => ({
  code,
  severity,
  message,
  ...(hint === undefined ? {} : { hint }),
  ...(leftMs === undefined ? {} : { leftMs }),
})

/** To an agent that is asked for it. */
export function answerOf(cluster: Cluster | null, what: keyof ClusterAnswer): ClusterAnswer {
  if (what === 'events') return cluster ? { events: cluster.clusterEvents() } : {}
  const status = cluster?.clusterStatus()
  return status ? { status } : {}
}
