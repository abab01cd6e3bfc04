/** One node as the coordinators know it: its own word while it is fresh, and what directors and witnesses hear of it. */
import { wordsOf } from '@lvsm/changes'
import type { Config } from '@lvsm/model'
import type { NodeReport } from '@lvsm/protocol'
import type { ClusterView, Fresh } from './cluster-status.ts'

type Node = Config['nodes'][number]
interface Seen {
  readonly by: string
  readonly life: string
  readonly standby: boolean
}
/** Node → what the lease processes of others hear of it. */
export type Hearsay = ReadonlyMap<string, readonly Seen[]>

/**
 * Who said so since, was alive then, whatever others hear: longer than an agent and two coordinators take to say something twice.
 * Milliseconds.
 */
const LIVELY_MS = 6000

export function nodeReport(
  node: Node,
  { state, records, now }: Pick<ClusterView, 'state' | 'records' | 'now'>,
  { fresh, hearsay }: { readonly fresh: Fresh; readonly hearsay: Hearsay },
): NodeReport {
  const { name, roles, voter } = node
  const record = records.get(name)
  const self = record?.said.self
  const own = fresh.has(name) ? self : undefined
  const seen = hearsay.get(name) ?? []
  const ageMs = record ? Math.max(0, Math.round(now - record.heardAt)) : null
  const base = {
    name,
    roles,
    voter,
    standby: (own ?? seen[0] ?? self)?.standby ?? false,
    ...wordsOf(state.facts, name, self?.word ?? null),
    ageMs,
    ...(self ? { versions: self.versions } : {}),
  }
  const lost = lostOf(seen)
  if (lost && (own === undefined || ageMs === null || ageMs >= LIVELY_MS))
    return { ...base, state: lost.life === 'dead' ? 'dead' : 'late', reason: unheard(lost), agent: false }
  if (own) {
    const reason = lost ? `${own.reason}; ${unheard(lost)}` : own.reason
    const left = (record?.said.lease?.votesInMs ?? 0) - (ageMs ?? 0)
    const votes = left > 0 ? { votesInMs: left } : {}
    return { ...base, ...votes, state: believed(node, own.state), reason, agent: true }
  }
  if (seen.some(({ life }) => life === 'alive'))
    return { ...base, state: 'unknown', reason: 'its lease process lives, its agent does not report', agent: false }
  const reason = record
    ? 'its agent does not report any more'
    : 'its agent never reported since the coordinators started'
  return { ...base, state: 'unknown', reason, agent: false }
}

/** Nobody hears it, and what it says of itself is of a moment ago: what it could do now is not known. */
export function doubtOf(hearsay: Hearsay, name: string): string | null {
  const lost = lostOf(hearsay.get(name) ?? [])
  return lost === undefined ? null : unheard(lost)
}

const unheard = ({ by }: Seen): string => `${by} does not hear it`

/** Whoever lives is heard by somebody; one that hears nobody may be cut off itself. */
function lostOf(seen: readonly Seen[]): Seen | undefined {
  const found = seen.find(({ life }) => life === 'dead') ?? seen.find(({ life }) => life === 'late')
  return seen.some(({ life }) => life === 'alive') ? undefined : found
}

/** Realservers speak of themselves alone. Who hears no majority may be cut off itself: whom it does not hear may live. */
export function hearsayOf({ nodes }: Config, fresh: Fresh): Hearsay {
  const all = new Map<string, Seen[]>(nodes.map(({ name }) => [name, []]))
  for (const { name: by, roles } of nodes) {
    if (roles.includes('realserver') && !roles.includes('director')) continue
    const lease = fresh.get(by)?.said.lease
    for (const { name, life, standby } of lease?.peers ?? [])
      if (name !== by) all.get(name)?.push({ by, life: lease?.quorum || life === 'alive' ? life : 'unknown', standby })
  }
  return all
}

/** No realserver owns anything, whatever it says. */
const believed = ({ roles }: Node, said: NodeReport['state']): NodeReport['state'] =>
  said === 'owner' && !roles.includes('director') ? 'unknown' : said
