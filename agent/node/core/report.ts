/** The cluster as this node sees it: its own facts, the lease process's, and what other reconcilers said. */
import type { Instant, Trouble } from '@lvsm/base'
import type {
  Config,
  ConfigGroup,
  ConfigService,
  GroupReport,
  NodeReport,
  NodeTrouble,
  PingReport,
  RealserverReport,
  ServiceReport,
  Status,
} from '@lvsm/model'
import { destKey, type Observed, serviceKey } from '@lvsm/plan'
import type { Checks } from './checks.ts'
import type { OwnershipStatus } from './ownership.ts'
import type { Peers } from './peers.ts'
import type { Pings } from './pings.ts'
import type { Saying } from './sentence.ts'
import type { DestReport } from './words.ts'

export interface Sources {
  readonly config: Config
  readonly status: OwnershipStatus | null
  readonly observed: Observed | null
  readonly checks: Checks
  readonly peers: Peers
  readonly pings: Pings
  readonly own: Saying
  readonly troubles: readonly Trouble[]
}

export function reportStatus(sources: Sources, now: Instant): Status {
  const { config, status } = sources
  const groups = config.groups.map((group) => reportGroup(sources, group, now))
  return {
    cluster: config.cluster,
    node: config.node,
    revision: config.revision,
    quorum: status?.quorum ?? false,
    groups,
    services: config.services.map((service) =>
      reportService(sources, service, groups.find((group) => group.name === service.group)?.owner ?? null, now),
    ),
    nodes: config.nodes.map((node) => reportNode(sources, node.name, now)),
    troubles: reportTroubles(sources, now),
    counters: status?.counters ?? {},
  }
}

function reportPings({ config, peers, pings }: Sources, { directors, ping }: ConfigGroup, now: Instant): PingReport[] {
  const own = pings.reached()
  return ping.map((address) => ({
    address,
    directors: directors.map((node) => {
      const said = node === config.node ? own : peers.stateOf(node, now)?.pings
      return { node, reached: said?.[address] ?? null }
    }),
  }))
}

function reportGroup(sources: Sources, group: ConfigGroup, now: Instant): GroupReport {
  const { name, addresses, directors } = group
  const { status } = sources
  const known = status?.groups.find((entry) => entry.name === name)
  const owner = known?.owner ?? null
  const moving = known?.role === 'taking' || known?.role === 'releasing'
  return {
    name,
    owner,
    number: known?.number ?? 0,
    leftMs: Math.round(known?.leftMs ?? 0),
    addresses: addresses.map((entry) => entry.address),
    directors,
    pings: reportPings(sources, group, now),
    state: !known ? 'unknown' : moving ? 'moving' : owner === null ? 'nobody' : 'owned',
    reason: known?.reason ?? 'the lease process of this node does not answer',
  }
}

/** This node's own table of one service. */
export function ownTable(
  { observed, checks }: Pick<Sources, 'observed' | 'checks'>,
  service: ConfigService,
): DestReport[] {
  const table = observed?.services?.find((entry) => serviceKey(entry) === serviceKey(service))
  return service.realservers.map((realserver) => {
    const key = destKey(realserver)
    const dest = table?.dests.find((entry) => destKey(entry) === key)
    const known = checks.healthOf(service.name, key)
    const kept = known?.kept ? '; kept, because nobody else is left' : ''
    return {
      key,
      weight: dest?.weight ?? 0,
      healthy: known?.health.healthy ?? null,
      active: dest?.active ?? 0,
      inactive: dest?.inactive ?? 0,
      reason: `${known?.health.reason ?? ''}${kept}`,
    }
  })
}

function reportService(sources: Sources, service: ConfigService, owner: string | null, now: Instant): ServiceReport {
  const { config, peers } = sources
  const directs = config.groups.some((group) => group.name === service.group && group.directors.includes(config.node))
  const own = directs ? ownTable(sources, service) : []
  const elsewhere = owner !== null && owner !== config.node ? owner : null
  const realservers = service.realservers.map(({ node, address, port, forward }): RealserverReport => {
    const key = destKey({ address, port })
    const told = elsewhere === null ? null : peers.destOf(elsewhere, service.name, key, now)
    const dest = told ?? own.find((entry) => entry.key === key)
    const unknown = owner === null ? 'nobody owns the group' : `${owner} did not tell`
    return {
      node,
      address,
      port,
      forward,
      weight: dest?.weight ?? 0,
      healthy: dest?.healthy ?? null,
      active: dest?.active ?? 0,
      inactive: dest?.inactive ?? 0,
      reason: dest?.reason ?? unknown,
    }
  })
  const { name, group, address, port, protocol, scheduler } = service
  return { name, group, address, port, protocol, scheduler, realservers }
}

function reportNode(sources: Sources, name: string, now: Instant): NodeReport {
  const { config, status, peers, own } = sources
  const node = config.nodes.find((entry) => entry.name === name)
  const base = { name, roles: node?.roles ?? [], voter: node?.voter ?? false }
  if (name === config.node) return { ...base, ...own, standby: status?.standby ?? false, agent: true }
  const peer = status?.peers.find((entry) => entry.name === name)
  const word = peers.stateOf(name, now)
  const standby = peer?.standby ?? word?.standby ?? false
  const owns = status?.groups.filter((group) => group.owner === name).map((group) => group.name) ?? []
  if (peer && (peer.life === 'late' || peer.life === 'dead')) {
    return {
      ...base,
      state: peer.life,
      reason: `silent for ${(peer.silentMs / 1000).toFixed(1)} s`,
      standby,
      agent: false,
    }
  }
  if (word) return { ...base, state: word.state, reason: word.reason, standby, agent: true }
  if (peer?.life !== 'alive')
    return {
      ...base,
      state: 'unknown',
      reason: status ? 'never heard since this node started' : 'the lease process of this node does not answer',
      standby,
      agent: false,
    }
  return {
    ...base,
    state: owns.length > 0 ? 'owner' : 'unknown',
    reason: `${owns.length > 0 ? `owns ${owns.join(', ')}; ` : ''}its lease process lives, its agent is silent`,
    standby,
    agent: false,
  }
}

function reportTroubles({ config, peers, troubles }: Sources, now: Instant): NodeTrouble[] {
  const others = config.nodes.filter((node) => node.name !== config.node)
  return [
    ...troubles.map((trouble) => ({ ...trouble, node: config.node })),
    ...others.flatMap((node) =>
      (peers.stateOf(node.name, now)?.troubles ?? []).map((trouble) => ({ ...trouble, node: node.name })),
    ),
  ]
}
