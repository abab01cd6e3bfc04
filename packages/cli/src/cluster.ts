/**
 * The cluster as a whole: from the coordinator of this node, else from the one that this node's agent follows, else as the agent
 * knows it.
 */
import {
  CONFIG_ROUTES,
  type ConfigResponse,
  type Events,
  readConfigResponse,
  type RouteResponses,
  type Status,
} from '@lvsm/protocol'
import { exchange, findAgent } from './agents.ts'
import { call } from './client.ts'
import { exchangeJson } from './http.ts'

/**
 * A status is there in less than a second: a coordinator answers from memory, and one that does not in that time is of no use
 * now.
 */
const COORDINATOR_MS = 400
/** An agent waits so long for it. */
const AGENT_MS = 450
const QUERY_TIMEOUT_MS = 5000

export interface Places {
  /** Of agents. */
  readonly socketPaths: readonly string[]
  /** Empty where somebody asks for what an agent knows. */
  readonly coordinators: readonly string[]
}

export async function clusterStatus({ socketPaths, coordinators }: Places): Promise<Status> {
  const known =
    (await firstOf(coordinators, 'status', ({ nodes }) => nodes.some(({ agent }) => agent))) ??
    (await throughAgent('clusterStatus', { socketPaths, coordinators }))
  return known ?? (await findAgent(socketPaths)).status
}

export async function clusterEvents({ socketPaths, coordinators }: Places): Promise<Events> {
  const known =
    (await firstOf(coordinators, 'events', ({ events }) => events.length > 0)) ??
    (await throughAgent('clusterEvents', { socketPaths, coordinators }))
  return known ?? exchange(socketPaths, { route: 'events', body: null, timeoutMs: QUERY_TIMEOUT_MS })
}

/** Null: the agent is not there, follows no coordinator, or hears nothing of the one that it follows. */
async function throughAgent<Name extends 'clusterStatus' | 'clusterEvents'>(
  route: Name,
  { socketPaths: [socketPath], coordinators }: Places,
): Promise<RouteResponses[Name] | null> {
  if (socketPath === undefined || coordinators.length === 0) return null
  const answer = await call<Name>(socketPath, { route, body: null, timeoutMs: AGENT_MS })
  return answer.kind === 'ok' ? answer.value : null
}

/** Null: no coordinator is there, or those that are have heard of no agent. */
async function firstOf<Name extends 'status' | 'events'>(
  paths: readonly string[],
  route: Name,
  isUseful: (told: ConfigResponse<Name>) => boolean,
): Promise<ConfigResponse<Name> | null> {
  const { method, path } = CONFIG_ROUTES[route]
  for (const socketPath of paths) {
    const wanted = { who: 'coordinator', method, path, body: null, timeoutMs: COORDINATOR_MS } as const
    const heard = await exchangeJson(socketPath, wanted)
    if (heard.kind !== 'answered' || heard.status !== 200) continue
    const told = readConfigResponse(route, heard.body)
    if (told && isUseful(told)) return told
  }
  return null
}
