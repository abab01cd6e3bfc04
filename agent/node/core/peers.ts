/**
 * What other nodes' agents said lately. Memory is bounded: only nodes, services and destinations of the configuration count.
 * A table is told in parts, and holds as long as its owner's agent speaks, and says that it is one.
 */
import { type DestinationReport, type StateMessage, type TablesMessage } from '@lvsm/protocol'
import { between, type Instant } from '@lvsm/base'
import { destKey } from '@lvsm/model'
import { wallsHeard } from './walls.ts'
import { directsGroup, isDirector } from './entitled.ts'
import { tellAgain } from './history/history.ts'
import { type NodeState } from './state.ts'

/** An agent that was silent this long counts as gone: it speaks every two seconds. */
const FRESH_MS = 6000

const isFresh = ({ now }: NodeState, at: Instant): boolean => between(at, now) < FRESH_MS

const isKnown = ({ config }: NodeState, from: string): boolean =>
  config?.nodes.some(({ name }) => name === from) === true

/** False: nobody knows that node. */
export function heardState(state: NodeState, from: string, message: StateMessage): boolean {
  if (!isKnown(state, from)) return false
  const before = stateOf(state, from)
  const begun = before === null || before.boot !== message.boot
  if (before === null) {
    state.published.told.clear()
    // It was not there, or cut off: what happened meanwhile it has missed.
    tellAgain(state)
  } else if (begun) tellAnew(state, from)
  if (begun || message.state !== 'owner') forgetTables(state, from)
  const walls = wallsHeard(state.now, state.states.get(from) ?? null, message)
  state.states.set(from, { at: state.now, message: believed(state, from, message), walls })
  heardReadiness(state, from, message.ready)
  return true
}

/** It started anew and knows nothing of what was told. All is told again within `FRESH_MS` anyway, so starts without end cost no more. */
function tellAnew(state: NodeState, from: string): void {
  const last = state.toldAnewAt.get(from)
  if (last !== undefined && isFresh(state, last)) return
  state.toldAnewAt.set(from, state.now)
  tellAgain(state)
  state.published.told.clear()
}

/** No realserver owns anything, whatever it says. */
function believed(state: NodeState, from: string, message: StateMessage): StateMessage {
  if (message.state !== 'owner' || isDirector(state, from)) return message
  return { ...message, state: 'unknown', reason: `says that it is an owner, and is no director: ${message.reason}` }
}

/** Why a node could not take these groups; only of those that it directs. */
export function heardReadiness(state: NodeState, from: string, ready: StateMessage['ready']): void {
  if (!isKnown(state, from)) return
  for (const { name } of state.config?.groups ?? []) {
    if (!directsGroup(state, from, name)) continue
    const why = Object.hasOwn(ready, name) ? ready[name] : undefined
    if (why !== undefined) state.readiness.set(`${from} ${name}`, { at: state.now, why })
  }
}

export function heardTables(state: NodeState, from: string, { services }: TablesMessage): void {
  if (!isKnown(state, from)) return
  for (const { name, group, realservers } of state.config?.services ?? []) {
    const told = Object.hasOwn(services, name) ? services[name] : undefined
    if (!told || !directsGroup(state, from, group)) continue
    const before = state.tables.get(`${from} ${name}`) ?? []
    const wanted = new Set(realservers.map(destKey))
    const destinations = new Map([...before, ...told.map((one) => [one.key, one] as const)])
    for (const key of destinations.keys()) if (!wanted.has(key)) destinations.delete(key)
    state.tables.set(`${from} ${name}`, destinations)
  }
}

/** Null when the node's agent is silent. */
export function stateOf(state: NodeState, node: string): StateMessage | null {
  const heard = state.states.get(node)
  return heard && isFresh(state, heard.at) ? heard.message : null
}
/** Why a node could not take a group now; empty text: it could; null: it did not say so lately. */
export function readyOf(state: NodeState, node: string, group: string): string | null {
  const heard = state.readiness.get(`${node} ${group}`)
  return heard && isFresh(state, heard.at) ? heard.why : null
}
export function destinationOf(state: NodeState, node: string, service: string, key: string): DestinationReport | null {
  return stateOf(state, node) ? (state.tables.get(`${node} ${service}`)?.get(key) ?? null) : null
}

function forgetTables({ tables }: NodeState, node: string): void {
  for (const key of tables.keys()) if (key.startsWith(`${node} `)) tables.delete(key)
}

/** The configuration changed: who left is forgotten. */
export function forgetStrangers(state: NodeState): void {
  const nodes = new Set(state.config?.nodes.map(({ name }) => name))
  const services = new Set(state.config?.services.map(({ name }) => name))
  const groups = new Set(state.config?.groups.map(({ name }) => name))
  for (const key of state.readiness.keys()) {
    const [node = '', group = ''] = key.split(' ')
    if (!nodes.has(node) || !groups.has(group)) state.readiness.delete(key)
  }
  for (const one of [
    state.states,
    state.differs,
    state.settings,
    state.deafSince,
    state.refusedAt,
    state.begunFor,
    state.toldAnewAt,
    state.history.budgets,
  ])
    for (const name of one.keys()) if (!nodes.has(name)) one.delete(name)
  state.unaware.clear()
  state.syncSilence.peers.clear()
  state.differing.clear()
  for (const key of state.tables.keys()) {
    const [node = '', service = ''] = key.split(' ')
    if (!nodes.has(node) || !services.has(service)) state.tables.delete(key)
  }
}
