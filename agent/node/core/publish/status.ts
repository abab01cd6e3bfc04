/** The cluster as this node sees it: its own facts, the lease process's, and what other agents said. */
import {
  type DestinationReport,
  type NodeTrouble,
  type ServiceReport,
  type Status,
  withoutEchoes,
} from '@lvsm/protocol'
import { plainTrouble, type Trouble } from '@lvsm/base'
import { allWanted, realserverReport, serviceReport, wantedOfServer } from '@lvsm/changes'
import { doneInMs } from '@lvsm/health'
import { type ConfigService, destKey, inTableOf, type Subject } from '@lvsm/model'
import { keptFor, whyOf } from '../check/besides.ts'
import { askedFor, healthOf } from '../check/sight.ts'
import { basisOf, memberId, unansweredMs } from '../check/initial.ts'
import type { Member } from '../check/member.ts'
import { differsIn } from '../disagreement.ts'
import { leaseStatus } from '../lease.ts'
import { observedService } from '@lvsm/plan'
import { destinationOf, stateOf } from '../peers.ts'
import { type NodeState } from '../state.ts'
import { reportGroup } from './groups.ts'
import { reportNode } from './nodes.ts'
import { type Saying } from './sentence.ts'

export function reportStatus(state: NodeState, own: Saying, present: readonly Trouble[]): Status {
  const { config } = state
  const status = leaseStatus(state)
  const nodes = config?.nodes.map(({ name }) => reportNode(state, name, own)) ?? []
  const groups = config?.groups.map((group) => reportGroup(state, group, nodes)) ?? []
  const owners = new Map(groups.map(({ name, owner }) => [name, owner]))
  return {
    cluster: config?.cluster ?? '',
    node: state.node,
    revision: config?.revision ?? 0,
    ...(status?.epoch === undefined ? {} : { epoch: status.epoch }),
    coordinators: state.follows,
    quorum: status?.quorum ?? false,
    groups,
    services: config?.services.map((service) => reportService(state, service, owners.get(service.group) ?? null)) ?? [],
    nodes,
    troubles: reportTroubles(state, present),
    wanted: allWanted(state.facts, config),
    counters: { ...status?.counters, ...state.counters },
    ...(status?.delays ? { delays: status.delays } : {}),
  }
}

/** Of the groups that this node owns: everybody shows the owner's tables. */
export function ownedServices(state: NodeState): readonly ConfigService[] {
  const mine = ownedGroups(state)
  return state.view?.services.filter(({ group }) => mine.has(group)) ?? []
}

export const ownedGroups = (state: NodeState): ReadonlySet<string> =>
  new Set(leaseStatus(state)?.groups.flatMap(({ name, role }) => (role === 'owner' ? [name] : [])))

/** This node's own table of one service. */
export function ownTable(state: NodeState, service: ConfigService): DestinationReport[] {
  const { kernel, checks } = state
  const table = kernel.observed ? observedService(kernel.observed, service) : undefined
  return service.realservers.map((realserver) => {
    const key = destKey(realserver)
    const dest = table?.dests.find((entry) => destKey(entry) === key)
    const member = checks.members.get(memberId(service.name, key))
    return {
      key,
      weight: dest?.weight ?? 0,
      healthy: member ? healthOf(member).healthy : null,
      active: dest?.active ?? 0,
      inactive: dest?.inactive ?? 0,
      reason: member ? whyOf(state, member, kernel.observed ? (dest?.weight ?? 0) : null) : '',
      ...(member ? madeOf(state, member) : {}),
      ...(member && member.intent !== 'serve' && dest ? { doneInMs: doneInMs(member.waning) } : {}),
    }
  })
}

/** How the verdict came about, and what the kernel makes of it; what goes without saying is left out. */
function madeOf(
  state: NodeState,
  member: Member,
): Pick<DestinationReport, 'basis' | 'kept' | 'full' | 'degraded' | 'unansweredMs'> {
  const [basis, kept, unanswered] = [basisOf(member), keptFor(state, member), unansweredMs(state, member)]
  return {
    ...(basis === 'answers' ? {} : { basis }),
    ...(kept === null ? {} : { kept }),
    ...(unanswered === null ? {} : { unansweredMs: unanswered }),
    ...(state.checks.full.has(member.id) ? { full: true } : {}),
    ...(healthOf(member).healthy === true && askedFor(member).last?.found.degraded === true ? { degraded: true } : {}),
  }
}

function reportService(state: NodeState, whole: ConfigService, owner: string | null): ServiceReport {
  const service = inTableOf(whole, owner ?? state.node)
  const directs = state.view?.directs.some((group) => group.name === service.group) === true
  const isOwn = directs && owner === state.node
  // Where nobody owns it, this node's own is all that there is.
  const own = new Map(
    isOwn || (directs && owner === null) ? ownTable(state, service).map((dest) => [dest.key, dest]) : [],
  )
  const elsewhere = owner !== null && owner !== state.node ? owner : null
  const silent = state.follows ? 'tells only the coordinators' : 'did not tell'
  // What is called by that name there may be something else.
  const other = elsewhere === null ? [] : differsIn(state, elsewhere).filter((subject) => OF_TABLES.has(subject))
  const fault = other.length > 0 ? `has other ${other.join(', ')} in its configuration` : silent
  const why = owner === null ? 'nobody owns the group' : `${owner} ${fault}`
  const teller = other.length === 0 ? elsewhere : null
  const realservers = service.realservers.map((realserver) => {
    const key = destKey(realserver)
    const told = teller === null ? null : destinationOf(state, teller, service.name, key)
    const known = elsewhere === null ? own.get(key) : (told ?? undefined)
    return {
      ...realserverReport(realserver, known, why),
      ...wantedOfServer(state.facts, service.name, realserver.node, known),
    }
  })
  const told = isOwn || (teller !== null && hasTold(state, teller, service))
  return serviceReport(service, { realservers, told, whole })
}

/** Where an owner has others, its table says nothing of those here. */
const OF_TABLES: ReadonlySet<Subject> = new Set(['addresses', 'services'])

/** All of its table: the parts come one after the other, and of who was not in one yet nothing is known. */
const hasTold = (state: NodeState, owner: string, { name, realservers }: ConfigService): boolean =>
  realservers.every((realserver) => destinationOf(state, owner, name, destKey(realserver)) !== null)

function reportTroubles(state: NodeState, present: readonly Trouble[]): NodeTrouble[] {
  const others = state.config?.nodes.filter((node) => node.name !== state.node) ?? []
  return withoutEchoes([
    ...present.map((trouble) => ({ ...trouble, node: state.node })),
    ...others.flatMap(({ name }) =>
      (stateOf(state, name)?.troubles ?? []).map((trouble) => ({ ...plainTrouble(trouble), node: name })),
    ),
  ])
}
