/** The whole cluster as one status. */
import { allWanted, factAbout, factOnServer, sharedWord, type State, wantedOf } from '@lvsm/changes'
import type { ConfigGroup, ConfigNode, ConfigService } from '@lvsm/model'
import type { GroupReport, NodeProgress, NodeReport, RealserverReport, ServiceReport, Status } from '@lvsm/protocol'

/**
 * What coordinators know without any word of an agent: what is configured, what is wanted, and which agents use it. Who owns a
 * group, what stands in a kernel's table and whether a node is well is `unknown` in it, or null.
 */
export function configuredStatus(
  { config, facts }: State,
  self: string,
  progress: ReadonlyMap<string, NodeProgress>,
): Status {
  return {
    cluster: config.cluster,
    node: self,
    revision: config.revision,
    quorum: false,
    groups: config.groups.map((group) => groupOf(group, facts)),
    services: config.services.map((service) => serviceOf(service, facts)),
    nodes: config.nodes.map((node) => nodeOf(node, facts, progress.get(node.name))),
    troubles: [],
    wanted: allWanted(facts, config),
    counters: {},
  }
}

type Facts = State['facts']

const NOT_TOLD = 'no agent tells it to this coordinator'

function groupOf({ name, addresses, directors, ping }: ConfigGroup, facts: Facts): GroupReport {
  const fact = factAbout(facts, { kind: 'group', group: name })
  return {
    name,
    owner: null,
    number: 0,
    leftMs: 0,
    addresses: addresses.map(({ address }) => address),
    directors,
    pings: ping.map((address) => ({ address, directors: directors.map((node) => ({ node, reached: null })) })),
    state: 'unknown',
    ...(fact ? { wanted: wantedOf(fact) } : {}),
    reason: NOT_TOLD,
  }
}

function serviceOf(
  { name, group, address, port, protocol, scheduler, schedulerFlags, realservers }: ConfigService,
  facts: Facts,
): ServiceReport {
  const servers = realservers.map((server): RealserverReport => {
    const fact = factOnServer(facts, name, server.node)
    return {
      node: server.node,
      address: server.address,
      port: server.port,
      forward: server.forward,
      weight: 0,
      healthy: null,
      active: 0,
      inactive: 0,
      reason: NOT_TOLD,
      ...(fact ? { wanted: wantedOf(fact), state: fact.intent === 'stop' ? 'stopping' : 'draining' } : {}),
    }
  })
  return { name, group, address, port, protocol, scheduler, schedulerFlags, realservers: servers }
}

function nodeOf({ name, roles, voter }: ConfigNode, facts: Facts, progress: NodeProgress | undefined): NodeReport {
  const { fact } = sharedWord(facts, name)
  return {
    name,
    roles,
    voter,
    state: 'unknown',
    reason: progress ? `its agent uses revision ${progress.revision}, and tells no more` : NOT_TOLD,
    standby: fact !== null,
    ...(fact ? { words: { shared: wantedOf(fact), local: null, holds: 'shared' } } : {}),
    agent: progress !== undefined,
  }
}
