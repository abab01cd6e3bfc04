/**
 * The cluster as the coordinators know it: from the configuration, and from what each node's agent said of itself. Who says what is
 * not its business is not believed: of a group, only its directors; of a service, its group's owner.
 */
import { allWanted, realserverReport, serviceReport, type State, wantedOfServer } from '@lvsm/changes'
import { type Config, type ConfigService, destKey, inTableOf } from '@lvsm/model'
import {
  counterOf,
  isEntitled,
  type NodeProgress,
  type NodeTrouble,
  ordered,
  type ServiceReport,
  SEVERITIES,
  type Status,
  withoutEchoes,
} from '@lvsm/protocol'
import type { LoggedEvent } from './event-log.ts'
import { groupReport, votesOf } from './group-status.ts'
import { keyChanges } from './key-status.ts'
import { doubtOf, hearsayOf, nodeReport } from './node-status.ts'
import type { Reporting } from './reported.ts'

/** What is older says nothing of now. Milliseconds: an agent reports every two seconds, and coordinators repeat it every three. */
const FRESH_MS = 10_000

export interface ClusterView {
  readonly state: State
  readonly records: ReadonlyMap<string, Reporting>
  readonly now: number
  /** Where the coordinator runs that answers; what is wrong around it, and what it counted. */
  readonly node: string
  readonly troubles: readonly Omit<NodeTrouble, 'node'>[]
  /** Of the agents, as any coordinator heard it. */
  readonly progress?: ReadonlyMap<string, NodeProgress>
  /** Of the other coordinators, as they tell. */
  readonly others?: readonly NodeTrouble[]
  readonly counters: Readonly<Record<string, number>>
}
/** Troubles of one node. */
const MOST_SHOWN = 32

/** Who spoke lately. */
export type Fresh = ReadonlyMap<string, Reporting>

export const freshOf = (records: ReadonlyMap<string, Reporting>, now: number): Fresh =>
  new Map([...records].filter(([, { heardAt }]) => now - heardAt < FRESH_MS))

export function clusterStatusOf(view: ClusterView): Status {
  const { state, records, node, now } = view
  const { config, facts } = state
  const named = new Set(config.nodes.map(({ name }) => name))
  const fresh: Fresh = new Map([...freshOf(records, now)].filter(([name]) => named.has(name)))
  const heard = { fresh, hearsay: hearsayOf(config, fresh) }
  const nodes = config.nodes.map((one) => nodeReport(one, view, heard))
  const doubt = (name: string): string | null => doubtOf(heard.hearsay, name)
  const around = { facts, fresh, nodes, votes: votesOf(config, fresh), doubt }
  const groups = config.groups.map((group) => groupReport(around, group))
  const owners = new Map(groups.map(({ name, owner }) => [name, owner]))
  return {
    cluster: config.cluster,
    node,
    revision: config.revision,
    ...epochOf(config, fresh),
    coordinators: true,
    quorum: config.nodes.some(
      ({ name, roles }) => roles.includes('director') && fresh.get(name)?.said.lease?.quorum === true,
    ),
    groups,
    services: config.services.map((service) => servedBy(owners.get(service.group) ?? null, state, fresh, service)),
    nodes,
    troubles: troublesOf(view, fresh),
    wanted: allWanted(facts, config),
    ...changingOf(view),
    counters: { ...countersOf(fresh.get(node)), ...view.counters },
  }
}

function changingOf({ state, progress = new Map() }: ClusterView): Pick<Status, 'keys'> {
  const keys = keyChanges(state, progress)
  return keys.length === 0 ? {} : { keys }
}

/** The newest that a voter's lease process acts on, of those that there are; nothing where none told. */
function epochOf({ nodes, epoch }: Config, fresh: Fresh): Pick<Status, 'epoch'> {
  const told = nodes.flatMap(({ name, voter }) => (voter ? (fresh.get(name)?.said.lease?.epoch ?? []) : []))
  return told.length === 0 ? {} : { epoch: Math.min(epoch, Math.max(...told)) }
}

function servedBy(owner: string | null, { facts }: State, fresh: Fresh, whole: ConfigService): ServiceReport {
  const service = inTableOf(whole, owner)
  const table = owner === null ? undefined : fresh.get(owner)?.tables.get(service.name)
  const fault = table ? 'does not have it in its table yet' : 'did not report its table'
  const why = owner === null ? 'nobody owns the group' : `${owner} ${fault}`
  const told = new Map(table?.destinations.map((one) => [one.key, one]))
  const realservers = service.realservers.map((realserver) => {
    const dest = told.get(destKey(realserver))
    return {
      ...realserverReport(realserver, dest, why),
      ...wantedOfServer(facts, service.name, realserver.node, dest),
    }
  })
  return serviceReport(service, { realservers, told: owner !== null && table !== undefined, whole })
}

function troublesOf({ node, troubles, others = [] }: ClusterView, fresh: Fresh): NodeTrouble[] {
  const own = troubles.map((trouble) => ({ ...trouble, node }))
  const agents = [...fresh].flatMap(([name, { said }]) => shownTroubles(name, said.troubles ?? []))
  return withoutEchoes([...own, ...unsaidOf(others, [...own, ...agents]), ...agents])
}

/** That one is not there is said where the coordinators are (`coordinatorFaults`); of one thing that several find, the first. */
function unsaidOf(others: readonly NodeTrouble[], said: readonly NodeTrouble[]): NodeTrouble[] {
  const keyOf = ({ code, node, object = `node ${node}` }: NodeTrouble): string => `${code} ${object}`
  const known = new Set(said.map(keyOf))
  return others.filter((one) => {
    const isNew = one.code !== 'coordinator-absent' && !known.has(keyOf(one))
    known.add(keyOf(one))
    return isNew
  })
}

/** The worst of one node; the others are counted. */
function shownTroubles(node: string, all: readonly Omit<NodeTrouble, 'node'>[]): NodeTrouble[] {
  const sorted = all.toSorted((one, other) => SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity))
  const shown = sorted.slice(0, MOST_SHOWN).map((trouble) => ({ ...trouble, node }))
  const [first, ...others] = sorted.slice(MOST_SHOWN)
  if (!first) return shown
  const message = `${others.length + 1} more troubles of this kind or less`
  const hint = `on ${node}, lvsm --socket /run/lvsm/agent.sock status says all of them`
  return [...shown, { code: 'more-troubles', severity: first.severity, message, hint, node }]
}

const countersOf = (record: Reporting | undefined): Record<string, number> =>
  Object.fromEntries(Object.entries(record?.said.counters ?? {}).filter(([name]) => counterOf(name) !== null))

/** Ownership is told by directors of the group alone; in the order of cause. */
export const believedEvents = (events: readonly LoggedEvent[], { groups }: Config): LoggedEvent[] =>
  ordered(
    events.filter(
      ({ node, group, kind }) =>
        !isEntitled(kind) || groups.some(({ name, directors }) => name === group && directors.includes(node)),
    ),
  )
