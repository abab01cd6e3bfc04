/** The cluster as this coordinator knows it: answered from memory, whoever is silent. */
import { plainTrouble, type Trouble } from '@lvsm/base'
import type { State } from '@lvsm/changes'
import type { ClusterAnswer, ClusterRates, Events, NodeProgress, NodeTrouble, Speaks, Status } from '@lvsm/protocol'
import { clusterRatesOf } from './reported/cluster-rates.ts'
import { believedEvents, clusterStatusOf, freshOf } from './reported/cluster-status.ts'
import type { Reported } from './reported/reported.ts'

export interface ClusterWorld {
  /** Of the coordinator. */
  readonly node: string
  readonly reported: Reported
  known(): State | null
  troubles(): readonly Trouble[]
  /** Of the agents, as any coordinator heard it. */
  progress?(): ReadonlyMap<string, NodeProgress>
  /** Of the other coordinators, as they tell. */
  others?(): readonly NodeTrouble[]
  counters(): Readonly<Record<string, number>>
  /** Milliseconds that only grow, the same as of the reports. */
  clock(): number
}
export interface Cluster {
  /** Null: there is no configuration yet. */
  clusterStatus(): Status | null
  /** Likewise. */
  clusterRates(): ClusterRates | null
  /** `after`: those that came after that cursor, if it is one of this coordinator's. */
  clusterEvents(after?: string): Events
  /** Node → which versions its agent speaks; of whom nothing was heard lately there is nothing. */
  agentVersions(): ReadonlyMap<string, Speaks>
}

/** It is worked out so often at most, however many ask: agents report twice a second. Milliseconds. */
const GOOD_MS = 250

export function clusterOf(world: ClusterWorld): Cluster {
  const { node, reported, known, troubles, counters, clock } = world
  const { life } = reported
  const told = ({ config }: State, now: number, after = 0): Events => ({
    cursor: `${life}.${reported.arrived}`,
    events: believedEvents(reported.events(now, after), config),
  })
  const events = kept({ known, clock }, told)
  const since = (after: number): Events | null => {
    const state = known()
    return state && told(state, clock(), after)
  }
  const clusterStatus = kept({ known, clock }, (state, now) =>
    clusterStatusOf({
      state,
      records: reported.all(),
      now,
      node,
      troubles: troubles().map(plainTrouble),
      progress: world.progress?.() ?? new Map(),
      others: world.others?.() ?? [],
      counters: counters(),
    }),
  )
  return {
    clusterStatus,
    clusterRates: kept({ known, clock }, ({ config }, now) => {
      const status = clusterStatus()
      return status && clusterRatesOf(config, status, freshOf(reported.all(), now))
    }),
    clusterEvents: (after) =>
      (placeOf(after, life) === null ? events() : since(placeOf(after, life) ?? 0)) ?? { events: [] },
    agentVersions() {
      const fresh = [...freshOf(reported.all(), clock())]
      return new Map(
        fresh.flatMap(([name, { said }]) => {
          const { model, versions } = said.self ?? {}
          return model === undefined ? [] : [[name, { model, lvsm: versions?.['lvsm-agent'] ?? '' }] as const]
        }),
      )
    },
  }
}

/** Of a cursor; null: it is none of this life. */
function placeOf(cursor: string | undefined, life: string): number | null {
  const [of, place = ''] = cursor?.split('.') ?? []
  return of === life && /^\d{1,15}$/.test(place) ? Number(place) : null
}

/** What is made of a state, which is good for a moment; null: there is none yet. */
function kept<Made>(
  { known, clock }: Pick<ClusterWorld, 'known' | 'clock'>,
  make: (state: State, now: number) => Made,
): () => Made | null {
  let last: { readonly state: State; readonly at: number; readonly made: Made } | null = null
  return () => {
    const [state, now] = [known(), clock()]
    if (!state) return null
    if (last?.state !== state || now - last.at >= GOOD_MS) last = { state, at: now, made: make(state, now) }
    return last.made
  }
}

/** To an agent that is asked for it. */
export function answerOf(cluster: Cluster | null, what: keyof ClusterAnswer, after?: string): ClusterAnswer {
  if (what === 'events') return cluster ? { events: cluster.clusterEvents(after) } : {}
  const status = cluster?.clusterStatus()
  return status ? { status } : {}
}
