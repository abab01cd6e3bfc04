/**
 * The cluster as a whole: from the coordinator of this node, else from the one that this node's agent follows, else as the agent
 * knows it.
 */
import {
  type ClusterRates,
  CONFIG_ROUTES,
  type ConfigResponse,
  type Events,
  readConfigResponse,
  type RecordedReport,
  type RouteResponses,
  type Status,
} from '@lvsm/protocol'
import { setTimeout as pause } from 'node:timers/promises'
import { exchange, findAgent } from './agents.ts'
import { call } from './client.ts'
import { exchangeJson } from './http.ts'

/**
 * A status is there in less than a second: a coordinator answers from memory, and one that does not in that time is of no use
 * now.
 */
const COORDINATOR_MS = 400
/** An agent waits nearly so long for it. */
const AGENT_MS = 450
/** When no coordinator of this node has answered for so long, an agent is asked as well. */
const SLOW_MS = 100
const QUERY_TIMEOUT_MS = 5000

export interface Places {
  /** Of agents. */
  readonly socketPaths: readonly string[]
  /** Empty where somebody asks for what an agent knows. */
  readonly coordinators: readonly string[]
}

export async function clusterStatus(places: Places): Promise<Status> {
  return (await toldStatus(places)) ?? ownStatus(places)
}
/** As the agent of this node knows it by itself. */
export const ownStatus = async ({ socketPaths }: Places): Promise<Status> => (await findAgent(socketPaths)).status

/** Null: no coordinator is there, or answers in time. */
export function toldStatus(places: Places): Promise<Status | null> {
  return firstOf<Status>(places, {
    async coordinator(path, signal) {
      const told = await ofCoordinator(path, 'status', signal)
      // One that has heard of no agent knows less than an agent.
      return told?.nodes.some(({ agent }) => agent) ? told : null
    },
    agent: (path, signal) => ofAgent(path, 'clusterStatus', signal),
  })
}

/** `after`: those that came since that cursor, where whoever answers gave it; else all. */
export async function clusterEvents(places: Places, after?: string): Promise<Events> {
  const query = after === undefined ? '' : `?${new URLSearchParams({ after }).toString()}`
  const known = await firstOf<Events>(places, {
    async coordinator(path, signal) {
      const told = await ofCoordinator(path, 'events', signal, query)
      return told && (told.events.length > 0 || after !== undefined) ? told : null
    },
    agent: (path, signal) => ofAgent(path, 'clusterEvents', signal, query),
  })
  return known ?? exchange(places.socketPaths, { route: 'events', body: null, query, timeoutMs: QUERY_TIMEOUT_MS })
}

/** As it was so long ago, by a coordinator, over the agent of this node too; null: none is there, or is reached. */
export function clusterRecorded(places: Places, agoMs: number): Promise<RecordedReport | null> {
  const query = `?${new URLSearchParams({ ago: String(agoMs) }).toString()}`
  const ask: Ask<RecordedReport> = async (path, signal) => {
    const told = await ofCoordinator(path, 'recorded', signal, query)
    return told?.found?.status.nodes.some(({ agent }) => agent) ? told : null
  }
  return firstOf<RecordedReport>(places, { coordinator: ask, agent: ask })
}

/** What all nodes forward and serve now, by a coordinator, over the agent of this node too; null: none is there, or is reached. */
export function clusterRates(places: Places): Promise<ClusterRates | null> {
  const ask: Ask<ClusterRates> = (path, signal) => ofCoordinator(path, 'rates', signal)
  return firstOf<ClusterRates>(places, { coordinator: ask, agent: ask })
}

type Ask<Told> = (socketPath: string, signal: AbortSignal) => Promise<Told | null>

/** Null: no coordinator is there, or is reached. One that is frozen delays nobody. */
async function firstOf<Told>(
  { socketPaths: [path], coordinators }: Places,
  { coordinator, agent }: { readonly coordinator: Ask<Told>; readonly agent: Ask<Told> },
): Promise<Told | null> {
  if (coordinators.length === 0) return null
  const enough = new AbortController()
  const { signal } = enough
  const own = soonest(coordinators.map((one) => coordinator(one, signal)))
  try {
    const early = await Promise.race([own, pause(SLOW_MS, null, { signal })])
    if (early || path === undefined) return early ?? (await own)
    return await soonest([own, agent(path, signal)])
  } finally {
    enough.abort()
  }
}

/** Null: none of them is anything. */
const soonest = <Told>(all: readonly Promise<Told | null>[]): Promise<Told | null> =>
  Promise.any(all.map(async (one) => (await one) ?? Promise.reject(new Error('nothing')))).catch(() => null)

async function ofCoordinator<Name extends 'status' | 'events' | 'recorded' | 'rates'>(
  socketPath: string,
  route: Name,
  signal: AbortSignal,
  query = '',
): Promise<ConfigResponse<Name> | null> {
  const { method, path } = CONFIG_ROUTES[route]
  const wanted = {
    who: 'coordinator',
    method,
    path: path + query,
    body: null,
    timeoutMs: COORDINATOR_MS,
    signal,
  } as const
  const heard = await exchangeJson(socketPath, wanted)
  return heard.kind === 'answered' && heard.status === 200 ? readConfigResponse(route, heard.body) : null
}

/** Null: the agent is not there, follows no coordinator, or hears nothing of the one that it follows. */
async function ofAgent<Name extends 'clusterStatus' | 'clusterEvents'>(
  socketPath: string,
  route: Name,
  signal: AbortSignal,
  query = '',
): Promise<RouteResponses[Name] | null> {
  const answer = await call<Name>(socketPath, { route, body: null, query, timeoutMs: AGENT_MS, signal })
  return answer.kind === 'ok' ? answer.value : null
}
