/** What a node says about itself in every heartbeat. */
export interface GroupClaim {
  readonly group: string
  /** Does this node hold the group's lease, and may it take it? */
  readonly holds: boolean
  readonly ready: boolean
  /** Its lease number and what is left of it; 0 when it holds nothing. */
  readonly number: number
  readonly leftMs: number
}
export interface Beat {
  readonly kind: 'beat'
  /** Revision of the configuration that the node runs. */
  readonly revision: number
  readonly standby: boolean
  readonly groups: readonly GroupClaim[]
}
/** Opaque word from a reconciler to another: the lease process carries it and does not look inside. */
export interface Relay {
  readonly kind: 'relay'
  readonly payload: Uint8Array
}
