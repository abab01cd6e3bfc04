/** What HAProxy is told of this node by its agent protocol: of each service that it serves, and of those that it directs. */
import { intentOnServer } from '@lvsm/changes'
import { type ConfigRealserver, type ConfigService, destKey, forwarding } from '@lvsm/model'
import { type AgentFact, cut, type DestinationReport } from '@lvsm/protocol'
import { ownership } from '../lease.ts'
import { destinationOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import { ownTable } from './status.ts'

const LONGEST_WHY = 200
const ADMIN = { serve: 'ready', drain: 'drain', stop: 'maint' } as const

/** Undefined: nobody listens for HAProxy. */
export function agentFacts(state: NodeState): readonly AgentFact[] | undefined {
  const { config, node } = state
  if (!config?.agentCheck) return undefined
  const directed = new Set(config.groups.flatMap(({ name, directors }) => (directors.includes(node) ? [name] : [])))
  return config.services.flatMap((service): AgentFact[] => {
    const own = service.realservers.find((one) => one.node === node)
    if (own) return [ofRealserver(state, service, own)]
    return directed.has(service.group) ? [ofDirector(state, service)] : []
  })
}

/** What operators want of it, and what the owner's table says, where that is told here. */
function ofRealserver(state: NodeState, service: ConfigService, realserver: ConfigRealserver): AgentFact {
  const { node, weight } = realserver
  const intent = intentOnServer(state.facts, service.name, node)
  const told = inTable(state, service, destKey(realserver))
  const up = !told || told.healthy === null ? null : told.healthy || told.weight > 0
  const percent = told && told.weight > 0 && weight > 0 ? Math.round((100 * told.weight) / weight) : 100
  return {
    service: service.name,
    // One of weight 0 is to get no new connections.
    admin: weight === 0 && intent === 'serve' ? 'drain' : ADMIN[intent],
    up,
    percent: Math.min(100, Math.max(1, percent)),
    why: up === false ? cut(told?.reason ?? '', LONGEST_WHY) : '',
    listens: listensAt(service, realserver),
  }
}

function inTable(state: NodeState, service: ConfigService, key: string): DestinationReport | null {
  const owner = ownership(state, service.group)?.owner ?? null
  if (owner === null) return null
  if (owner === state.node) return ownTable(state, service).find((one) => one.key === key) ?? null
  return destinationOf(state, owner, service.name, key)
}

/** Of several ports, which would have to be open is not known; a firewall mark has none. */
function listensAt({ protocol, address }: ConfigService, realserver: ConfigRealserver): AgentFact['listens'] {
  const { port } = realserver
  if (port === 0 || (protocol !== 'tcp' && protocol !== 'udp')) return null
  const { hasVip } = forwarding(realserver.forward)
  return { protocol, port, addresses: hasVip ? [realserver.address, address] : [realserver.address] }
}

function ofDirector(state: NodeState, { name, group }: ConfigService): AgentFact {
  const { role, owner = null } = ownership(state, group) ?? {}
  const up = role === 'owner'
  const why = up ? '' : owner === null || owner === state.node ? `nobody owns ${group}` : `${owner} owns ${group}`
  return { service: name, admin: 'ready', up, percent: 100, why, listens: null }
}
