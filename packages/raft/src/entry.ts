/** What the log holds, and who the members are. */

/** The index of the entry that added the node: it comes from the log, so that none is ever given twice. */
export type NodeId = number

export interface Member {
  readonly id: NodeId
  /** Identity of its database, made with it: a voter whose disk was wiped has another one. */
  readonly store: string
  readonly role: 'voter' | 'learner'
}
export interface Membership {
  /** In the order of their ids. */
  readonly members: readonly Member[]
}

interface Place {
  readonly index: number
  readonly term: number
}
/** The first entry of each leader: what it commits, it commits with this one. */
export interface Noop extends Place {
  readonly kind: 'noop'
}
export interface Command extends Place {
  readonly kind: 'command'
  readonly payload: string
}
/** In force from the moment that it is in the log (dissertation, 4.1). */
export interface MembershipEntry extends Place {
  readonly kind: 'membership'
  readonly membership: Membership
  /** For the state machine: address and name of the node, for example. */
  readonly payload: string
}
export type Entry = Noop | Command | MembershipEntry

/** What stands in the place of all entries up to `index`. */
export interface Snapshot {
  readonly index: number
  readonly term: number
  /** As of `index`. */
  readonly membership: Membership
}

export const NOBODY: Membership = { members: [] }
export const EMPTY: Snapshot = { index: 0, term: 0, membership: NOBODY }

/** Of an entry without its payload. */
const OVERHEAD = 64
/** What an entry costs in memory and on the wire: characters, and a share for each entry. */
export const sizeOf = (entry: Entry): number => OVERHEAD + (entry.kind === 'noop' ? 0 : entry.payload.length)
