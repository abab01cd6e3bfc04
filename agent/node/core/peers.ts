/** What other nodes' agents said lately. Memory is bounded: only nodes, services and destinations of the configuration count. */
import { between } from '@lvsm/base'
import type { AgentMessage, DestinationReport, StateMessage } from './messages.ts'
import type { NodeState } from './state.ts'

/** An agent that was silent this long counts as gone: it speaks every two seconds. */
const FRESH_MS = 6000

const isFresh = ({ now }: NodeState, at: number): boolean => between(at as NodeState['now'], now) < FRESH_MS

export function heardState(state: NodeState, from: string, message: StateMessage): void {
  if (state.config?.nodes.some(({ name }) => name === from)) state.states.set(from, { at: state.now, message })
}

export function heardTables(
  state: NodeState,
  from: string,
  { services }: Extract<AgentMessage, { kind: 'tables' }>,
): void {
  if (!state.config?.nodes.some(({ name }) => name === from)) return
  for (const { name, realservers } of state.config.services) {
    const told = services[name]
    if (!told) continue
    const known = state.tables.get(`${from} ${name}`)
    const before = known && isFresh(state, known.at) ? known.destinations : new Map<string, DestinationReport>()
    const wanted = new Set(realservers.map(({ address, port }) => `${address}:${port}`))
    const destinations = new Map([...before, ...told.map((one) => [one.key, one] as const)])
    for (const key of destinations.keys()) if (!wanted.has(key)) destinations.delete(key)
    state.tables.set(`${from} ${name}`, { at: state.now, destinations })
  }
}

/** Null when the node's agent is silent. */
export function stateOf(state: NodeState, node: string): StateMessage | null {
  const heard = state.states.get(node)
  return heard && isFresh(state, heard.at) ? heard.message : null
}
export function destinationOf(state: NodeState, node: string, service: string, key: string): DestinationReport | null {
  const heard = state.tables.get(`${node} ${service}`)
  return heard && isFresh(state, heard.at) ? (heard.destinations.get(key) ?? null) : null
}

/** The configuration changed: who left is forgotten. */
export function forgetStrangers(state: NodeState): void {
  const nodes = new Set(state.config?.nodes.map(({ name }) => name))
  const services = new Set(state.config?.services.map(({ name }) => name))
  for (const name of state.states.keys()) if (!nodes.has(name)) state.states.delete(name)
  for (const key of state.tables.keys()) {
    const [node = '', service = ''] = key.split(' ')
    if (!nodes.has(node) || !services.has(service)) state.tables.delete(key)
  }
}
