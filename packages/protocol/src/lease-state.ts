/** What a lease process keeps on disk: shapes only. */

/** Of a voter. */
export interface VoterState {
  /** The longest lease that it may have granted and that may still live, milliseconds; 0: it never granted any. */
  readonly limitMs: number
  /** Lease numbers up to this one may have been granted. */
  readonly highWater: number
}
export interface DurableState extends VoterState {
  /** An operator set this node to standby: no restart takes that back. */
  readonly standby: boolean
  /** It acted on no higher epoch than this, and acts on no lower one again; missing: 1. */
  readonly epoch?: number
  /** A state before this one was lost: it may have acted on a higher epoch than that. */
  readonly epochLost?: boolean
}
/** Every lease number up to here is exact in a double, with room to add. */
export const HIGHEST_NUMBER = 2 ** 52
/** Lease numbers of each epoch begin a billion higher than those of the one before; so many fit below the highest number. */
export const HIGHEST_EPOCH = 4_000_000
