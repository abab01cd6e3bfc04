/**
 * When the set of the lease's voters may change, and how it grows: by one voter and one epoch at a time, to the coordinators that
 * vote (packages/lease/PROTOCOL.md, section 8). Pure: what the nodes reported and the leader's clock come in.
 *
 * Law: after epoch e the next set is proposed only when a majority of the voters of e−1 reported that they act on e or a later
 * one, which is on their disks by then, and after that the longest lease that any cluster may have has run out, by this leader's clock. A new leader waits anew.
 */
import { after, type Instant, LONGEST_LEASE_MS, quarantineMs } from '@lvsm/base'

/** The sets as the log has them. */
export interface Electorate {
  readonly epoch: number
  readonly voters: readonly string[]
  /** Of the epoch before; empty: there was none. */
  readonly before: readonly string[]
}
/** Node → epoch that its lease process acts on. */
export type Adopted = ReadonlyMap<string, number>

/** What this leader has seen of the present epoch. */
export interface Watch {
  readonly epoch: number
  /** Since when a majority of the voters before has it; null: not yet. */
  readonly since: Instant | null
}
export const UNSEEN: Watch = { epoch: 0, since: null }

/** The longest lease of any cluster, with the drift of both clocks: later than that nothing that was lent before lives. */
const SETTLE_MS = quarantineMs(LONGEST_LEASE_MS)

export function watch(seen: Watch, { epoch, before }: Electorate, adopted: Adopted, now: Instant): Watch {
  const has = before.filter((name) => (adopted.get(name) ?? 0) >= epoch)
  const isMajority = before.length === 0 || has.length > before.length / 2
  const kept = seen.epoch === epoch ? seen.since : null
  // Disks do not go back: what was reported once holds, whoever falls silent since.
  return { epoch, since: kept ?? (isMajority ? now : null) }
}

/** Whether the next set may be proposed. */
export const isSettled = ({ epoch, since }: Watch, electorate: Electorate, now: Instant): boolean =>
  epoch === electorate.epoch && since !== null && (electorate.before.length === 0 || now >= after(since, SETTLE_MS))

/** When it may, if nothing changes; null: not before more nodes report. */
export const settlesAt = ({ since }: Watch, { before }: Electorate): Instant | null =>
  since === null ? null : before.length === 0 ? since : after(since, SETTLE_MS)

/**
 * Who is to vote next; null: nobody. `candidates`: nodes of coordinators that vote, in the order in which they should; only those
 * that act on the present epoch, because a voter that cannot be asked is none, and of two each is needed at once. From one to three,
 * and never to two for longer than it takes.
 */
export function nextVoter(
  { epoch, voters }: Electorate,
  candidates: readonly string[],
  adopted: Adopted,
  wanted: number,
): string | null {
  const ready = candidates.filter((name) => !voters.includes(name) && (adopted.get(name) ?? 0) >= epoch)
  const needed = voters.length % 2 === 0 ? 1 : 2
  return voters.length < wanted && ready.length >= needed ? (ready[0] ?? null) : null
}
