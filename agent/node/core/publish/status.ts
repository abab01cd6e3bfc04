/** The cluster as this node sees it: its own facts, the lease process's, and what other agents said. */
import {
  type DestinationReport,
  type GroupReport,
  type LocalWord,
  type NodeReport,
  type NodeTrouble,
  type PingReport,
  type ServiceReport,
  type Status,
  type TakerReport,
} from '@lvsm/protocol'
import { plainTrouble, type Trouble } from '@lvsm/base'
import { allWanted, realserverReport, serviceReport, wantedOfGroup, wantedOfServer, wordsOf } from '@lvsm/changes'
import { agreementDigests, type ConfigGroup, type ConfigService, destKey, disagreements } from '@lvsm/model'
import { memberId } from '../check/members.ts'
import { reachedPings } from '../check/pings.ts'
import { leaseStatus, ownership } from '../lease.ts'
import { observedService } from '@lvsm/plan'
import { destinationOf, readyOf, stateOf } from '../peers.ts'
import { type NodeState } from '../state.ts'
import { type Saying } from './sentence.ts'

export function reportStatus(state: NodeState, own: Saying, present: readonly Trouble[]): Status {
  const { config } = state
  const status = leaseStatus(state)
  const groups = config?.groups.map((group) => reportGroup(state, group)) ?? []
  const owners = new Map(groups.map(({ name, owner }) => [name, owner]))
  return {
    cluster: config?.cluster ?? '',
    node: state.node,
    revision: config?.revision ?? 0,
    ...(status?.epoch === undefined ? {} : { epoch: status.epoch }),
    quorum: status?.quorum ?? false,
    groups,
    services: config?.services.map((service) => reportService(state, service, owners.get(service.group) ?? null)) ?? [],
    nodes: config?.nodes.map(({ name }) => reportNode(state, name, own)) ?? [],
    troubles: reportTroubles(state, present),
    wanted: allWanted(state.facts, config),
    counters: { ...status?.counters, ...state.counters },
    ...(status?.delays ? { delays: status.delays } : {}),
  }
}

function reportPings(state: NodeState, { directors, ping }: ConfigGroup): PingReport[] {
  const own = reachedPings(state.pings)
  return ping.map((address) => ({
    address,
    directors: directors.map((node) => {
      const said = node === state.node ? own : stateOf(state, node)?.pings
      return { node, reached: said?.[address] ?? null }
    }),
  }))
}

function takerOf(state: NodeState, node: string, group: string): TakerReport {
  const no = (reason: string): TakerReport => ({ node, could: false, reason })
  const status = leaseStatus(state)
  if (!status) return { node, could: null, reason: 'the lease process of the node that is asked does not answer' }
  const isOwn = node === state.node
  const peer = status.peers.find(({ name }) => name === node)
  if (!isOwn && (peer?.life === 'dead' || peer?.life === 'late')) return no(silentText(peer.silentMs))
  if (isOwn ? status.standby : (peer?.standby ?? false)) return no('under maintenance (standby)')
  const word = isOwn ? null : stateOf(state, node)
  const subjects = word && state.config ? disagreements(agreementDigests(state.config), word.agreement) : []
  if (subjects.length > 0) return no(`has other ${subjects.join(', ')} in its configuration`)
  const why = isOwn ? state.published.ready.get(group) : readyOf(state, node, group)
  if (why === undefined || why === null) return { node, could: null, reason: 'its agent did not say' }
  return { node, could: why === '', reason: why }
}

const silentText = (silentMs: number): string => `silent for ${(silentMs / 1000).toFixed(1)} s`

function reportGroup(state: NodeState, group: ConfigGroup): GroupReport {
  const { name, addresses, directors } = group
  const known = ownership(state, name)
  const owner = known?.owner ?? null
  const moving = known?.role === 'acquiring' || known?.role === 'releasing'
  return {
    name,
    owner,
    number: known?.number ?? 0,
    leftMs: Math.round(known?.leftMs ?? 0),
    addresses: addresses.map((entry) => entry.address),
    directors,
    pings: reportPings(state, group),
    takers: directors.filter((node) => node !== owner).map((node) => takerOf(state, node, name)),
    state: !known ? 'unknown' : moving ? 'moving' : owner === null ? 'nobody' : 'owned',
    reason: known?.reason ?? 'the lease process of this node does not answer',
    ...(known ? wantedOfGroup(state.facts, name, owner ?? (moving ? state.node : null)) : {}),
  }
}

/** Of the groups that this node owns: everybody shows the owner's tables. */
export function ownedServices(state: NodeState): readonly ConfigService[] {
  const mine = new Set(leaseStatus(state)?.groups.flatMap(({ name, role }) => (role === 'owner' ? [name] : [])))
  return state.view?.services.filter(({ group }) => mine.has(group)) ?? []
}

/** This node's own table of one service. */
export function ownTable({ kernel, checks }: NodeState, service: ConfigService): DestinationReport[] {
  const table = kernel.observed ? observedService(kernel.observed, service) : undefined
  return service.realservers.map((realserver) => {
    const key = destKey(realserver)
    const dest = table?.dests.find((entry) => destKey(entry) === key)
    const health = checks.members.get(memberId(service.name, key))?.health
    const kept = checks.pools.get(service.name)?.kept.has(key) ? '; kept, because nobody else is left' : ''
    return {
      key,
      weight: dest?.weight ?? 0,
      healthy: health?.healthy ?? null,
      active: dest?.active ?? 0,
      inactive: dest?.inactive ?? 0,
      reason: `${health?.reason ?? ''}${kept}`,
    }
  })
}

function reportService(state: NodeState, service: ConfigService, owner: string | null): ServiceReport {
  const directs = state.view?.directs.some((group) => group.name === service.group) === true
  const isOwn = directs && owner === state.node
  // Where nobody owns it, this node's own is all that there is.
  const own = new Map(
    isOwn || (directs && owner === null) ? ownTable(state, service).map((dest) => [dest.key, dest]) : [],
  )
  const elsewhere = owner !== null && owner !== state.node ? owner : null
  const silent = state.follows ? 'tells only the coordinators' : 'did not tell'
  const why = owner === null ? 'nobody owns the group' : `${owner} ${silent}`
  const realservers = service.realservers.map((realserver) => {
    const key = destKey(realserver)
    const told = elsewhere === null ? null : destinationOf(state, elsewhere, service.name, key)
    const known = elsewhere === null ? own.get(key) : (told ?? undefined)
    return {
      ...realserverReport(realserver, known, why),
      ...wantedOfServer(state.facts, service.name, realserver.node, known),
    }
  })
  const told = isOwn || (elsewhere !== null && hasTold(state, elsewhere, service))
  return serviceReport(service, realservers, told)
}

/** All of its table: the parts come one after the other, and of who was not in one yet nothing is known. */
const hasTold = (state: NodeState, owner: string, { name, realservers }: ConfigService): boolean =>
  realservers.every((realserver) => destinationOf(state, owner, name, destKey(realserver)) !== null)

function reportNode(state: NodeState, name: string, own: Saying): NodeReport {
  const status = leaseStatus(state)
  const node = state.config?.nodes.find((entry) => entry.name === name)
  const base = {
    name,
    roles: node?.roles ?? [],
    voter: node?.voter ?? false,
    ...wordsOf(state.facts, name, wordOf(state, name)),
  }
  if (name === state.node) return { ...base, ...own, standby: status?.standby ?? false, agent: true }
  const peer = status?.peers.find((entry) => entry.name === name)
  const word = stateOf(state, name)
  const standby = peer?.standby ?? word?.standby ?? false
  if (peer && (peer.life === 'late' || peer.life === 'dead')) {
    const reason = silentText(peer.silentMs)
    return { ...base, state: peer.life, reason, standby, agent: false }
  }
  if (word) return { ...base, state: word.state, reason: word.reason, standby, agent: true }
  if (peer?.life !== 'alive') {
    const reason = status ? 'never heard since this node started' : 'the lease process of this node does not answer'
    return { ...base, state: 'unknown', reason, standby, agent: false }
  }
  const owns = status?.groups.filter((group) => group.owner === name).map((group) => group.name) ?? []
  const what = owns.length > 0 ? `owns ${owns.join(', ')}; ` : ''
  const reason = `${what}its lease process lives, its agent is silent`
  return { ...base, state: owns.length > 0 ? 'owner' : 'unknown', reason, standby, agent: false }
}

/** On standby, as it was given at that node itself. */
const wordOf = (state: NodeState, name: string): LocalWord | null =>
  name === state.node ? state.word : (stateOf(state, name)?.word ?? null)

function reportTroubles(state: NodeState, present: readonly Trouble[]): NodeTrouble[] {
  const others = state.config?.nodes.filter((node) => node.name !== state.node) ?? []
  return [
    ...present.map((trouble) => ({ ...trouble, node: state.node })),
    ...others.flatMap(({ name }) =>
      (stateOf(state, name)?.troubles ?? []).map((trouble) => ({ ...plainTrouble(trouble), node: name })),
    ),
  ]
}
