/** The messages of the ownership protocol and the view that they are about. Shapes only; bytes are the wire's business. */

/** 128 random bits of one process start, as 32 lower-case hexadecimal digits. */
export type Incarnation = string

interface AboutGroup {
  readonly group: string
  /** 64-bit digest of the group's addresses, as 16 hexadecimal digits. */
  readonly digest: string
  /** Number of the voter set. */
  readonly epoch: number
}
/** The send that an answer belongs to. */
export interface Echo {
  readonly incarnation: Incarnation
  readonly sequence: number
}
export type BusyReason = 'held' | 'reserved' | 'epoch' | 'unknown-list' | 'number'

export interface Request extends AboutGroup {
  readonly kind: 'request'
  readonly leaseMs: number
  readonly number: number
}
export interface Poll extends AboutGroup {
  readonly kind: 'poll'
}
export interface Release extends AboutGroup {
  readonly kind: 'release'
  readonly upTo: number
  readonly successor: string | null
}
export interface Ack extends AboutGroup {
  readonly kind: 'ack'
  readonly echo: Echo
  readonly grantMs: number
  readonly highWater: number
}
/** Answer to a POLL that a REQUEST would be granted. */
export interface Free extends AboutGroup {
  readonly kind: 'free'
  readonly echo: Echo
  readonly highWater: number
}
export interface Busy extends AboutGroup {
  readonly kind: 'busy'
  readonly echo: Echo
  readonly reason: BusyReason
  readonly leftMs: number
  readonly highWater: number
}
/** Planned switchover, holder to successor: will you take this group now? */
export interface Offer extends AboutGroup {
  readonly kind: 'offer'
  readonly number: number
  /** Nobody ordered it: the sender goes by its policy for a better peer. Missing: an operator did, or it is of an older version. */
  readonly unordered?: boolean
}
export interface Answer extends AboutGroup {
  readonly kind: 'answer'
  readonly echo: Echo
  readonly willing: boolean
  /** Why not, one sentence. */
  readonly reason: string
}
export type LeaseMessage = Request | Poll | Release | Ack | Free | Busy | Offer | Answer
