/** What the directors of a group know of its established connections. */
import type { GroupReport } from '@lvsm/protocol'

/** `dir2 knows 50 of 52 established connections`, for each that is not the owner; without any it is not known; nothing where the owner did not say. */
export function knownConnections({ owner, established = [] }: Pick<GroupReport, 'owner' | 'established'>): string[] {
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

/** Of each director that knows fewer of them than the owner, and not only those of this moment. */
export function unknownConnections({ owner, established = [] }: Pick<GroupReport, 'owner' | 'established'>): string[] {
  const own = established.find(({ node }) => node === owner)?.count ?? 0
  const short = established.filter(({ node, count }) => node === owner || own - count > Math.max(FEW, SHARE * own))
  return own === 0 ? [] : knownConnections({ owner, established: short })
}

/** Of a planned move; empty where nothing is left to say. */
export const unknownText = (to: string, unknown: number | undefined): string =>
  unknown === undefined || unknown === 0
    ? ''
    : `; ${unknown} established connection${unknown === 1 ? '' : 's'} ${to} did not know: ${unknown === 1 ? 'it ends' : 'they end'}`
