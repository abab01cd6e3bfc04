/**
 * The log in memory: a snapshot's place, and every entry after it. The memberships in it are kept apart, in order, because
 * each counts from the moment that it is here, and when it is given up, the one before counts again (dissertation, 4.1).
 *
 * Laws: no gap; a committed entry is never given up; what is compacted leaves its membership behind.
 */
import { invariant } from '@lvsm/base'
import { type Entry, type Membership, type MembershipEntry, sizeOf, type Snapshot } from './entry.ts'

export interface RaftLog {
  snapshot: Snapshot
  readonly entries: Entry[]
  /** Those of `entries` that change members. */
  readonly memberships: MembershipEntry[]
}

export function newLog(snapshot: Snapshot, entries: readonly Entry[]): RaftLog {
  const log: RaftLog = { snapshot, entries: [], memberships: [] }
  for (const entry of entries) append(log, entry)
  return log
}

export const lastIndex = (log: RaftLog): number => log.snapshot.index + log.entries.length
export const lastTerm = (log: RaftLog): number => log.entries.at(-1)?.term ?? log.snapshot.term
export const lastOf = (log: RaftLog): { index: number; term: number } => ({
  index: lastIndex(log),
  term: lastTerm(log),
})

/** Undefined: compacted, or not there yet. */
export function termAt({ snapshot, entries }: RaftLog, index: number): number | undefined {
  return index === snapshot.index ? snapshot.term : entries[index - snapshot.index - 1]?.term
}

/** From the first to the last of these indexes, both included. */
export const entriesBetween = ({ snapshot, entries }: RaftLog, first: number, last: number): Entry[] =>
  entries.slice(Math.max(0, first - snapshot.index - 1), Math.max(0, last - snapshot.index))

/** What one message holds from `first` on: as much as `limit` allows, and never nothing of what is there. */
export function portionFrom({ snapshot, entries }: RaftLog, first: number, limit: number): Entry[] {
  const start = first - snapshot.index - 1
  let end = start
  for (let size = 0; end < entries.length; end++) {
    const entry = entries[end]
    if (!entry) break
    size += sizeOf(entry)
    if (size > limit && end > start) break
  }
  return entries.slice(start, end)
}

export function append(log: RaftLog, entry: Entry): void {
  invariant(entry.index === lastIndex(log) + 1, 'the log has no gap')
  invariant(entry.term >= lastTerm(log), 'terms in the log never fall')
  log.entries.push(entry)
  if (entry.kind === 'membership') log.memberships.push(entry)
}

/** Gives up all entries from `index` on. */
export function truncate(log: RaftLog, index: number): void {
  log.entries.splice(index - log.snapshot.index - 1)
  while ((log.memberships.at(-1)?.index ?? 0) >= index) log.memberships.pop()
}

/** Forgets the entries up to `index`; they are applied. */
export function compact(log: RaftLog, index: number): void {
  const term = termAt(log, index)
  invariant(term !== undefined, 'what is compacted is in the log')
  const snapshot = { index, term, membership: membershipAt(log, index) }
  log.entries.splice(0, index - log.snapshot.index)
  while ((log.memberships[0]?.index ?? Number.POSITIVE_INFINITY) <= index) log.memberships.shift()
  log.snapshot = snapshot
}

/** The snapshot takes the place of everything. */
export function replace(log: RaftLog, snapshot: Snapshot): void {
  log.snapshot = snapshot
  log.entries.length = 0
  log.memberships.length = 0
}

/** In force: the last one, committed or not. */
export const membershipOf = (log: RaftLog): Membership => log.memberships.at(-1)?.membership ?? log.snapshot.membership
/** Index of the entry that brought it; 0 when that is compacted. */
export const membershipIndex = (log: RaftLog): number => log.memberships.at(-1)?.index ?? 0

/** As of `index`, which is not compacted. */
export const membershipAt = (log: RaftLog, index: number): Membership =>
  log.memberships.findLast((entry) => entry.index <= index)?.membership ?? log.snapshot.membership

/** The last entry up to `index` whose term is not above `term`: where a follower and a leader may agree (paper, 5.3). */
export function lastAgreeing(log: RaftLog, index: number, term: number): { index: number; term: number } {
  let at = Math.min(index, lastIndex(log))
  while (at > log.snapshot.index && (termAt(log, at) ?? 0) > term) at -= 1
  return { index: at, term: termAt(log, at) ?? log.snapshot.term }
}

export const sizeBetween = (log: RaftLog, first: number, last: number): number =>
  entriesBetween(log, first, last).reduce((sum, entry) => sum + sizeOf(entry), 0)
