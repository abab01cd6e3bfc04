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
}
/** Every lease number up to here is exact in a double, with room to add. */
export const HIGHEST_NUMBER = 2 ** 52
