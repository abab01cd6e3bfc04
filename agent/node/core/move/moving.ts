/** A planned switchover as data: the move on the node that owns the group, the handover on the node that takes it. */
import type { Outcome, SwitchoverReport } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import type { ReplyTo } from '../command/pending.ts'

/** A planned move, on the node that owns the group (`move/owner.ts`). */
export interface Move {
  readonly group: string
  readonly to: string
  /** Lease number when it began. */
  readonly number: number
  readonly id: string
  readonly began: Instant
  readonly reason: string
  readonly replyTo: ReplyTo
  /**
   * `preparing`: NAT destinations drain here, the successor prepares there. `handing-over`: the lease process has been
   * asked, and the new owner is waited for.
   */
  phase: 'preparing' | 'handing-over'
  /** The successor's kernel is prepared. */
  prepared: boolean
  preparedAskedAt: Instant | null
  /** Established connections of the group that the successor knows, as it said last; null: it did not. */
  known: number | null
  /** Those that it does not know, when the lease process was asked; null where they are not synchronised. */
  unknown: number | null
  /** Since when no NAT connection is active; null while one is. */
  quietSince: Instant | null
  askedAt: Instant
}
/** The same move, on the node that takes the group (`move/successor.ts`). */
export interface Handover {
  readonly group: string
  readonly from: string
  readonly id: string
  readonly since: Instant
  /** Where it is reached, beside its links. */
  readonly at: readonly string[]
  /**
   * `forgetting`: connections of an earlier reign go. `prepared`: they are gone or it took too long; what comes from now on
   * is this node's. `owning`: the group is here.
   */
  phase: 'forgetting' | 'prepared' | 'owning'
  /** Its rules were part of what was last planned. */
  planned: boolean
  /** The former owner is to be told that this node is prepared. */
  tellDue: boolean
  ownedSince: Instant | null
}

/** What is so already is done: nothing moved, and no time passed. */
export const ownsAlready = (group: string, owner: string, number: number): Outcome => {
  const report: SwitchoverReport = { group, from: owner, to: owner, number, tookMs: 0 }
  return { ok: true, report: { ...report } }
}
