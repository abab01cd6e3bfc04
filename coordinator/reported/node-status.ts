/** One node as the coordinators know it: its own word while it is fresh, and what the others hear of it. */
import { wordsOf } from '@lvsm/changes'
import type { Config } from '@lvsm/model'
import type { NodeReport } from '@lvsm/protocol'
import type { ClusterView, Fresh } from './cluster-status.ts'

export function nodeReport(
  { name, roles, voter }: Config['nodes'][number],
  { state, records, now }: Pick<ClusterView, 'state' | 'records' | 'now'>,
  fresh: Fresh,
): NodeReport {
  const record = records.get(name)
  const self = record?.said.self
  const seen = livesOf(name, fresh)
  const base = {
    name,
    roles,
    voter,
    standby: self?.standby ?? seen[0]?.standby ?? false,
    ...wordsOf(state.facts, name, self?.word ?? null),
    ageMs: record ? Math.max(0, Math.round(now - record.heardAt)) : null,
    ...(self ? { versions: self.versions } : {}),
  }
  const lost = seen.find(({ life }) => life === 'dead') ?? seen.find(({ life }) => life === 'late')
  // Whoever lives is heard by somebody; one that hears nobody may be cut off itself.
  if (lost && !seen.some(({ life }) => life === 'alive'))
    return {
      ...base,
      state: lost.life === 'dead' ? 'dead' : 'late',
      reason: `${lost.by} does not hear it`,
      agent: false,
    }
  if (self && fresh.has(name))
    return { ...base, state: believed(name, self.state, state.config), reason: self.reason, agent: true }
  if (seen.some(({ life }) => life === 'alive'))
    return { ...base, state: 'unknown', reason: 'its lease process lives, its agent does not report', agent: false }
  const reason = record
    ? 'its agent does not report any more'
    : 'its agent never reported since the coordinators started'
  return { ...base, state: 'unknown', reason, agent: false }
}

interface Seen {
  readonly by: string
  readonly life: string
  readonly standby: boolean
}
const livesOf = (name: string, fresh: Fresh): Seen[] =>
  [...fresh].flatMap(([by, { said }]) =>
    by === name
      ? []
      : (said.lease?.peers ?? [])
          .filter((one) => one.name === name)
          .map(({ life, standby }) => ({ by, life, standby })),
  )

/** No realserver owns anything, whatever it says. */
const believed = (name: string, said: NodeReport['state'], { nodes }: Config): NodeReport['state'] =>
  said === 'owner' && !nodes.some((one) => one.name === name && one.roles.includes('director')) ? 'unknown' : said
