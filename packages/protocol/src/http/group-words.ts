/** What is said of a group beside who owns it, in the words of `lvsm status` and of the console. */
import { periodText, type TimeText } from './node-words.ts'
import type { GroupReport } from './status.ts'

/** Why it is as it is, and who wants it otherwise. */
export const groupWhy = ({ reason, state, wanted }: GroupReport, time: TimeText): string =>
  (reason || state) + (wanted ? periodText(wanted, time) : '')

/** A ping node of a group, and which directors reach it. */
export interface PingRow {
  readonly group: string
  readonly address: string
  readonly owner: string | null
  readonly reached: readonly string[]
  readonly unreached: readonly string[]
  readonly unknown: readonly string[]
}
/** Only where a group has ping nodes; an older agent tells of none. */
export const pingRows = (groups: readonly Partial<GroupReport>[]): PingRow[] =>
  groups.flatMap(({ name = '', owner = null, pings = [] }) =>
    pings.map(({ address, directors }) => {
      const those = (found: boolean | null): string[] =>
        directors.filter(({ reached }) => reached === found).map(({ node }) => node)
      return { group: name, address, owner, reached: those(true), unreached: those(false), unknown: those(null) }
    }),
  )

type Counted = Pick<GroupReport, 'owner' | 'established'>
/** `dir2 knows 50 of 52 established connections`, for each that is not the owner; without any it is not known; nothing where the owner did not say. */
export function knownConnections({ owner, established = [] }: Counted): string[] {
  const own = established.find(({ node }) => node === owner)?.count
  if (own === undefined) return []
  const others = established.filter(({ node }) => node !== owner)
  // Idle daemons send nothing: whether anything arrives shows by connections alone.
  if (own === 0)
    return others.map(
      ({ node }) =>
        `not known whether connections would go on at ${node}: none is established that could be synchronised`,
    )
  return others.map(
    ({ node, count }) =>
      `${node} knows ${Math.min(count, own)} of ${own} established connection${own === 1 ? '' : 's'}`,
  )
}

/** What is begun or ended between two looks is no lack (agent/node/core/synchronised.ts). */
const FEW = 5
const SHARE = 0.05

/** Of each director that knows fewer of them than the owner, and not only those of this moment: a move would end some. */
export function unknownConnections({ owner, established = [] }: Counted): string[] {
  const own = established.find(({ node }) => node === owner)?.count ?? 0
  const short = established.filter(({ node, count }) => node === owner || own - count > Math.max(FEW, SHARE * own))
  return own === 0 ? [] : knownConnections({ owner, established: short })
}
