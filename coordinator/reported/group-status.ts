/**
 * One group as the coordinators know it: what its directors say of it, who else could have it, and whether anybody could own it of
 * whom nothing is heard.
 */
import { barOf, byItsWord, type Hears, mayHold, notByOrder, type State, votersFor, wantedOfGroup } from '@lvsm/changes'
import type { Config, ConfigGroup } from '@lvsm/model'
import type { GroupReport, NodeReport, TakerReport } from '@lvsm/protocol'
import type { Fresh } from './cluster-status.ts'
import type { Reporting } from './reported.ts'

interface Votes {
  readonly voters: readonly string[]
  readonly hears: Hears
}
/** What is known of the cluster around a group. */
export interface Around {
  readonly facts: State['facts']
  readonly fresh: Fresh
  readonly nodes: readonly NodeReport[]
  readonly votes: Votes
  /** Why it is not known what a node could do now, though it spoke a moment ago; null: it is. */
  readonly doubt: (node: string) => string | null
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
export function groupReport({ facts, fresh, nodes, votes, doubt }: Around, group: ConfigGroup): GroupReport {
  const { name, addresses, directors } = group
  const { voters, hears } = votes
  // What it said while it owned the group is over when its voters do not hear it any more.
  const claims = directors.flatMap((node): Claim[] =>
    (fresh.get(node)?.said.lease?.groups ?? [])
      .filter((one) => one.name === name && (one.role !== 'owner' || mayHold(node, voters, hears)))
      .map((one) => ({ node, ...one })),
  )
  const own = claims.filter(({ role }) => role === 'owner').toSorted((a, b) => b.number - a.number)[0]
  const others = claims.filter(({ owner }) => owner !== null && directors.includes(owner))
  const seen = own ?? others.toSorted((a, b) => b.number - a.number)[0]
  const owner = own ? own.node : (seen?.owner ?? null)
  const moving = claims.find(({ role }) => role === 'acquiring' || role === 'releasing')
  const first = own ?? moving ?? seen ?? claims[0]
  const blind = owner !== null || moving ? null : blindFor(group, claims, votes)
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
      if (!node) return []
      const own = { ...takerOf(node, name, fresh.get(director)), ...refusedBy(director, { group: name, owner }, fresh) }
      const said = doubted(own, doubt(director))
      const count = said.could === true ? votersFor(director, owner, voters, hears) : undefined
      return [{ ...said, ...(count === undefined ? {} : { voters: count }), ...blindAt(fresh.get(director), name) }]
    }),
    state: blind !== null ? 'unknown' : moving ? 'moving' : owner === null ? 'nobody' : 'owned',
    reason: blind ?? first?.reason ?? '',
    ...establishedOf(fresh, name, directors),
    ...(claims.length > 0 ? wantedOfGroup(facts, name, owner ?? moving?.node ?? null) : {}),
  }
}

/** Of how many services it can ask no realserver, where there are any. */
function blindAt(record: Reporting | undefined, group: string): Pick<TakerReport, 'blind'> {
  const { blind = {} } = record?.said ?? {}
  const services = Object.hasOwn(blind, group) ? (blind[group] ?? 0) : 0
  return services === 0 ? {} : { blind: services }
}

/** As each director counts them that says so. */
function establishedOf(fresh: Fresh, group: string, directors: readonly string[]): Pick<GroupReport, 'established'> {
  const established = directors.flatMap((node) => {
    const told = fresh.get(node)?.said.established ?? {}
    const count = Object.hasOwn(told, group) ? told[group] : undefined
    return count === undefined ? [] : [{ node, count }]
  })
  return established.length === 0 ? {} : { established }
}

/** Why somebody may own it of whom nothing is heard; null: nobody does. */
function blindFor({ directors }: ConfigGroup, claims: readonly Claim[], { voters, hears }: Votes): string | null {
  if (claims.length === 0) return `no director of it reports: ${directors.join(', ')}`
  const may = directors.filter((node) => !claims.some((claim) => claim.node === node) && mayHold(node, voters, hears))
  return may.length === 0 ? null : `${may.join(', ')} may: nothing is reported of it`
}

/** Voters are believed here, realservers too: who says that it does not hear a node lends it no vote either. */
export function votesOf({ nodes }: Config, fresh: Fresh): Votes {
  const voters = nodes.flatMap(({ name, voter }) => (voter ? [name] : []))
  const heard = new Map(
    [...fresh].map(([by, { said }]) => [by, new Map(said.lease?.peers.map(({ name, life }) => [name, life]))]),
  )
  const hears: Hears = (by, name) => {
    if (by === name) return true
    const life = heard.get(by)?.get(name)
    return life === undefined ? null : life === 'alive' || life === 'late'
  }
  return { voters, hears }
}

/** By its own word, and by that of its lease process: a kernel that is prepared takes nothing by itself. */
function takerOf(report: NodeReport, group: string, record: Reporting | undefined): TakerReport {
  const { name: node, agent, reason } = report
  const no = (why: string): TakerReport => ({ node, could: false, reason: why })
  const bar = barOf(report)
  if (bar !== null) return no(bar)
  if (!agent || !record) return { node, could: null, reason }
  const { ready = {}, lease } = record.said
  if (lease === null) return no('its lease process does not answer')
  if (lease?.quorum === false) return no('hears no majority of the voters')
  return { node, ...byItsWord(Object.hasOwn(ready, group) ? (ready[group] ?? null) : null) }
}

/** Who serves by another configuration gets nothing by plan: the trouble of the owner that says so. Nor who knows nothing of one of its services. */
function refusedBy(
  node: string,
  { group, owner }: { readonly group: string; readonly owner: string | null },
  fresh: Fresh,
): Pick<TakerReport, 'refused'> {
  const troubles = fresh.get(owner ?? '')?.said.troubles ?? []
  const odd = troubles.find(({ code, message }) => code === 'disagreement' && oddIn(message).includes(node))
  if (odd) return { refused: `differs: ${odd.message}` }
  const why = owner === null ? null : notByOrder(fresh.get(node)?.said ?? {}, group)
  return why === null ? {} : { refused: why }
}

/** Whom a disagreement names; what follows says at whom it is otherwise. */
const oddIn = (message: string): string[] => (message.split(/ has other | have different /)[0] ?? '').split(' ')

/** A no stays one. */
const doubted = (taker: TakerReport, doubt: string | null): TakerReport =>
  taker.could !== true || doubt === null ? taker : { node: taker.node, could: null, reason: doubt }

const reachedBy = (record: Reporting | undefined, address: string): boolean | null => {
  const pings = record?.said.pings ?? {}
  return Object.hasOwn(pings, address) ? (pings[address] ?? null) : null
}
