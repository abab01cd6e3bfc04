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
  type Status,
} from '@lvsm/protocol'
import { setTimeout as pause } from 'node:timers/promises'
import { exchange, findAgent } from './agents.ts'
import { type Answer, call } from './client.ts'
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
  return (await toldStatus(places)).status ?? ownStatus(places)
}
/** As the agent of this node knows it by itself. */
export const ownStatus = async ({ socketPaths }: Places): Promise<Status> => (await findAgent(socketPaths)).status

/** `answered`: a coordinator did, with a status or without: the status of HTTP; null: none is there, or answers in time. */
export async function toldStatus(
  places: Places,
): Promise<{ readonly status: Status | null; readonly answered: number | null }> {
  let answered: number | null = null
  const status = await firstOf<Status>(places, {
    async coordinator(path, signal) {
      const told = await ofCoordinator(path, 'status', signal, '', (code) => (answered = code))
      // One that has heard of no agent knows less than an agent.
      return told?.nodes.some(({ agent }) => agent) ? told : null
    },
    async agent(path, signal) {
      const answer = await askAgent(path, 'clusterStatus', signal)
      if (answer.kind === 'ok') return answer.value
      if (answer.kind === 'refused' && answer.refusals.some(({ code }) => code === 'nothing-known'))
        answered = NOTHING_YET
      return null
    },
  })
  return { status, answered }
}
/** Of HTTP: a coordinator without a configuration. */
const NOTHING_YET = 503

/** `after`: those that came since that cursor, where whoever answers gave it; else all. `signal`: the answer has become needless. */
export async function clusterEvents(places: Places, after?: string, signal?: AbortSignal): Promise<Events> {
  const query = after === undefined ? '' : `?${new URLSearchParams({ after }).toString()}`
  const ask = {
    async coordinator(path: string, enough: AbortSignal) {
      const told = await ofCoordinator(path, 'events', enough, query)
      return told && (told.events.length > 0 || after !== undefined) ? told : null
    },
    async agent(path: string, enough: AbortSignal) {
      const answer = await askAgent(path, 'clusterEvents', enough, query)
      return answer.kind === 'ok' ? answer.value : null
    },
  }
  const known = await firstOf<Events>(places, ask, signal)
  const own = { route: 'events', body: null, query, timeoutMs: QUERY_TIMEOUT_MS } as const
  return known ?? exchange(places.socketPaths, signal ? { ...own, signal } : own)
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
  needless?: AbortSignal,
): Promise<Told | null> {
  if (coordinators.length === 0) return null
  const enough = new AbortController()
  const signal = needless ? AbortSignal.any([needless, enough.signal]) : enough.signal
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
  answered: (status: number) => void = () => undefined,
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
  if (heard.kind === 'answered') answered(heard.status)
  return heard.kind === 'answered' && heard.status === 200 ? readConfigResponse(route, heard.body) : null
}

/** Refused where the agent follows no coordinator, or hears nothing of the one that it follows. */
const askAgent = <Name extends 'clusterStatus' | 'clusterEvents'>(
  socketPath: string,
  route: Name,
  signal: AbortSignal,
  query = '',
): Promise<Answer<Name>> => call<Name>(socketPath, { route, body: null, query, timeoutMs: AGENT_MS, signal })
