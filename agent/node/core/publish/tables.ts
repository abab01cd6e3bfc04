/**
 * The owner's tables, told to the other agents: what changed first, then counts of connections, then in turn what was not told
 * for long. A publication has only so many datagrams, so a large table takes several.
 */
import type { DestinationReport } from '@lvsm/protocol'
import { after, type Instant } from '@lvsm/base'
import { type ConfigRealserver, destKey } from '@lvsm/model'
import type { NodeState } from '../state.ts'
import { encodeTables, type TablePart } from './packing.ts'
import { ownedServices, ownTable } from './status.ts'

/** What did not change is told again after so long, for whom it got lost. */
const RETELL_MS = 6000

export interface Told {
  /** Without the counts. */
  readonly text: string
  readonly counts: string
  readonly at: Instant
}
interface Candidate {
  readonly id: string
  readonly part: TablePart
  readonly told: Omit<Told, 'at'>
  /** Null: nothing to tell. */
  readonly urgency: 'changed' | 'counts' | 'old' | null
  readonly since: number
}

export const peersOf = ({ config, node }: NodeState): number =>
  config?.nodes.filter(({ name }) => name !== node).length ?? 0

/** At most so many messages, the most urgent first; what they say counts as told. */
export function tellTables(state: NodeState, most: number): string[] {
  const all = ownTables(state)
  const own = new Set(all.map(({ id }) => id))
  for (const id of state.published.told.keys()) if (!own.has(id)) state.published.told.delete(id)
  const candidates = state.follows ? notServing(state, all, own) : all
  const due = (urgency: Candidate['urgency']): Candidate[] =>
    candidates.filter((one) => one.urgency === urgency).sort((one, other) => one.since - other.since)
  const parts = [...due('changed'), ...due('counts'), ...due('old')]
  const messages = encodeTables(parts.map(({ part }) => part)).slice(0, most)
  const count = messages.reduce((sum, { parts: several }) => sum + several, 0)
  for (const { id, told } of parts.slice(0, count)) {
    state.published.told.set(id, { ...told, at: state.now })
    const times = state.published.wasOut.get(id)
    if (times !== undefined) state.published.wasOut.set(id, times + 1)
  }
  return messages.map(({ text }) => text)
}

/** Messages may get lost. */
const TOLD_WELL = 5
const isOut = ({ part: { destination } }: Candidate): boolean =>
  destination.weight === 0 || destination.healthy === false

/**
 * Where coordinators are told all, the others hear of whom this table sends nothing, or whose checks fail, and for a while when that is over;
 * what was told before the group was somebody else's, too.
 */
function notServing({ published, view }: NodeState, all: readonly Candidate[], own: ReadonlySet<string>): Candidate[] {
  const { wasOut } = published
  for (const one of all) if (isOut(one)) wasOut.set(one.id, 0)
  if (wasOut.size === 0) return []
  const known = new Set(view?.services.flatMap(({ name, realservers }) => realservers.map((one) => idOf(name, one))))
  for (const [id, times] of wasOut)
    if (!known.has(id) || times >= TOLD_WELL) wasOut.delete(id)
    else if (!own.has(id)) wasOut.set(id, 0)
  return all.filter(({ id }) => wasOut.has(id))
}
const idOf = (service: string, realserver: ConfigRealserver): string => `${service} ${destKey(realserver)}`

/** Of the groups that this node owns: everybody shows the owner's tables. */
function ownTables(state: NodeState): Candidate[] {
  return ownedServices(state).flatMap((service) =>
    ownTable(state, service).map((destination) => candidate(state, service.name, destination)),
  )
}

function candidate(state: NodeState, name: string, destination: DestinationReport): Candidate {
  const { key, weight, healthy, reason, active, inactive, basis, kept, full, degraded, unansweredMs } = destination
  const id = `${name} ${key}`
  const before = state.published.told.get(id)
  const told = {
    text: JSON.stringify([weight, healthy, reason, basis, kept, full, degraded, unansweredMs]),
    counts: `${active} ${inactive}`,
  }
  const urgency =
    before?.text !== told.text
      ? 'changed'
      : before.counts !== told.counts
        ? 'counts'
        : state.now >= after(before.at, RETELL_MS)
          ? 'old'
          : null
  return { id, part: { name, destination }, told, urgency, since: before?.at ?? 0 }
}
