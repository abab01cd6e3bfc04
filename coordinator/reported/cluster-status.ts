/**
 * The cluster as the coordinators know it: from the configuration, and from what each node's agent said of itself. Who says what is
 * not its business is not believed: of a group, only its directors; of a service, its group's owner.
 */
import { allWanted, realserverReport, serviceReport, type State, wantedOfGroup, wantedOfServer } from '@lvsm/changes'
import { type Config, type ConfigGroup, type ConfigService, destKey } from '@lvsm/model'
import {
  counterOf,
  type GroupReport,
  isEntitled,
  type NodeReport,
  type NodeTrouble,
  ordered,
  type ServiceReport,
  SEVERITIES,
  type Status,
  type TakerReport,
} from '@lvsm/protocol'
import type { LoggedEvent } from './event-log.ts'
import { hearsayOf, nodeReport } from './node-status.ts'
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
  const groups = config.groups.map((group) => groupReport(state, { fresh, nodes }, group))
  const owners = new Map(groups.map(({ name, owner }) => [name, owner]))
  return {
    cluster: config.cluster,
    node,
    revision: config.revision,
    ...epochOf(config, fresh),
    quorum: config.nodes.some(
      ({ name, roles }) => roles.includes('director') && fresh.get(name)?.said.lease?.quorum === true,
    ),
    groups,
    services: config.services.map((service) => servedBy(owners.get(service.group) ?? null, state, fresh, service)),
    nodes,
    troubles: troublesOf(view, fresh),
    wanted: allWanted(facts, config),
    counters: { ...countersOf(fresh.get(node)), ...view.counters },
  }
}

/** The newest that a voter's lease process acts on, of those that there are; nothing where none told. */
function epochOf({ nodes, epoch }: Config, fresh: Fresh): Pick<Status, 'epoch'> {
  const told = nodes.flatMap(({ name, voter }) => (voter ? (fresh.get(name)?.said.lease?.epoch ?? []) : []))
  return told.length === 0 ? {} : { epoch: Math.min(epoch, Math.max(...told)) }
}

interface Claim {
  readonly node: string
  readonly role: string
  readonly owner: string | null
  readonly number: number
  readonly leftMs: number
  readonly reason: string
}

/** What the group's directors say of it: the word of the newest lease counts, the owner's own before all others. */
function groupReport(
  { facts }: State,
  { fresh, nodes }: { readonly fresh: Fresh; readonly nodes: readonly NodeReport[] },
  group: ConfigGroup,
): GroupReport {
  const { name, addresses, directors } = group
  const claims = directors.flatMap((node): Claim[] =>
    (fresh.get(node)?.said.lease?.groups ?? []).filter((one) => one.name === name).map((one) => ({ node, ...one })),
  )
  const own = claims.filter(({ role }) => role === 'owner').toSorted((a, b) => b.number - a.number)[0]
  const others = claims.filter(({ owner }) => owner !== null && directors.includes(owner))
  const seen = own ?? others.toSorted((a, b) => b.number - a.number)[0]
  const owner = own ? own.node : (seen?.owner ?? null)
  const moving = claims.find(({ role }) => role === 'acquiring' || role === 'releasing')
  const first = own ?? moving ?? seen ?? claims[0]
  return {
    name,
    owner,
    number: seen?.number ?? 0,
    leftMs: own?.leftMs ?? 0,
    addresses: addresses.map(({ address }) => address),
    directors,
    pings: group.ping.map((address) => ({
      address,
      directors: directors.map((node) => ({ node, reached: reachedBy(fresh.get(node), address) })),
    })),
    takers: directors.flatMap((director) => {
      const node = director === owner ? undefined : nodes.find((one) => one.name === director)
      return node ? [takerOf(node, name, fresh.get(director))] : []
    }),
    state: claims.length === 0 ? 'unknown' : moving ? 'moving' : owner === null ? 'nobody' : 'owned',
    reason: first?.reason ?? `no director of it reports: ${directors.join(', ')}`,
    ...(claims.length > 0 ? wantedOfGroup(facts, name, owner ?? moving?.node ?? null) : {}),
  }
}

/** By its own word, and by that of its lease process: a kernel that is prepared takes nothing by itself. */
function takerOf(
  { name: node, state, standby, agent, reason }: NodeReport,
  group: string,
  record: Reporting | undefined,
): TakerReport {
  const no = (why: string): TakerReport => ({ node, could: false, reason: why })
  if (state === 'dead' || state === 'late') return no(reason)
  if (standby) return no('under maintenance (standby)')
  if (!agent || !record) return { node, could: null, reason }
  const { ready = {}, lease } = record.said
  if (lease === null) return no('its lease process does not answer')
  if (lease?.quorum === false) return no('hears no majority of the voters')
  const why = Object.hasOwn(ready, group) ? ready[group] : undefined
  return why === undefined
    ? { node, could: null, reason: 'its agent did not say' }
    : { node, could: why === '', reason: why }
}

const reachedBy = (record: Reporting | undefined, address: string): boolean | null => {
  const pings = record?.said.pings ?? {}
  return Object.hasOwn(pings, address) ? (pings[address] ?? null) : null
}

function servedBy(owner: string | null, { facts }: State, fresh: Fresh, service: ConfigService): ServiceReport {
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
  return serviceReport(service, realservers, owner !== null && table !== undefined)
}

const troublesOf = ({ node, troubles }: ClusterView, fresh: Fresh): NodeTrouble[] => [
  ...troubles.map((trouble) => ({ ...trouble, node })),
  ...[...fresh].flatMap(([name, { said }]) => shownTroubles(name, said.troubles ?? [])),
]

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
