/** What the feed needs of a coordinator. */
import type { State } from '@lvsm/changes'
import type { FeedCoordinator, MemberRecord } from '@lvsm/protocol'

export interface FeedSource {
  /** What it has applied; null before there is anything. It only goes forward. */
  known(): State | null
  /** Of the coordinators, by id; the same value until one of them changes. */
  records(): ReadonlyMap<number, MemberRecord>
  /** Does it hear of a leader? */
  hasLeader(): boolean
  /** Calls at each change of `known()` and of `records()`, until the function that it returns is called. */
  follow(changed: () => void): () => void
}

export const coordinatorsOf = (records: ReadonlyMap<number, MemberRecord>): readonly FeedCoordinator[] =>
  [...records].map(([id, { name, addresses, key }]) => ({ id, name, addresses, key }))
