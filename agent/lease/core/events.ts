/** Inputs and effects of the lease core: everything that can happen to it, and everything that it can do. */
import {
  type DurableState,
  type Heartbeat,
  type Incarnation,
  type LeaseEvent,
  type LeaseGroup,
  type LeaseView,
  type Message,
  type Spread,
  type ToLease,
} from '@lvsm/protocol'
import type { Route } from '@lvsm/heartbeat'
import type { Instant, Trouble } from '@lvsm/base'
import type { CallResult, Sender } from '@lvsm/lease'

/** An authenticated, decoded datagram whose cluster was right. Replay and addressing are the core's to judge. */
export interface Envelope {
  readonly from: string
  readonly incarnation: Incarnation
  readonly sequence: number
  /** The receiver's incarnation as the sender knows it; null when it knows none (the first heartbeat after a start). */
  readonly to: Incarnation | null
  /** Index of our own link by which it came. */
  readonly link: number
  readonly spread: Spread
  readonly message: Message
  readonly piggybacked: Heartbeat | null
}
/** Sender of a message, with the links to answer over. */
export interface Asker extends Sender {
  readonly spread: Spread
}

/** Destination of a datagram: the incarnation of a node, and the route. */
export interface Recipient {
  readonly incarnation: Incarnation | null
  readonly route: Route
}

/** Announce: ARP and neighbour discovery both ways. Serve: IP both ways (FENCE.md, row 12). */
export type FencePart = 'announce' | 'serve'
export type FenceOp = 'open' | 'renew' | 'close'

/** An open group whose elements are renewed as its tables are replaced, both parts, in the same transaction. */
export interface Carried {
  readonly group: string
  readonly timeoutMs: number
  readonly notAfter: Instant
}

export type LeaseInput =
  /** From the agent: its view, its report whether the kernel is prepared for a group (trusted for READY_FOR_MS), commands, relays. */
  | Exclude<ToLease, { kind: 'told' }>
  | { readonly kind: 'datagram'; readonly envelope: Envelope }
  | { readonly kind: 'wake' }
  /** Result of a fence effect, or of what `fence-tables` carried; `done`: the clock after the kernel's acknowledgement. */
  | {
      readonly kind: 'fenced'
      readonly group: string
      readonly op: FenceOp | 'carry'
      readonly parts: readonly FencePart[]
      readonly result: CallResult
      readonly timeoutMs: number
      readonly done: Instant
      readonly error: string
    }
  | {
      readonly kind: 'addressed'
      readonly group: string
      readonly op: 'add' | 'remove'
      readonly ok: boolean
      readonly error: string
    }
  /** Somebody else changed the fence tables. */
  | { readonly kind: 'fence-lost' }
  /** Somebody removed some of the group's addresses; `where`: each with its interface. */
  | { readonly kind: 'address-lost'; readonly group: string; readonly where?: readonly string[] }
  /** Somebody announced one of the group's addresses from another MAC, or answers for it; `where`: which, and on which interface of this node. */
  | { readonly kind: 'conflict'; readonly group: string; readonly mac: string; readonly where?: string }
  /** Result of a `persist`; where it failed, the disk may have the new state or the old one. */
  | { readonly kind: 'persisted'; readonly ok: boolean; readonly error: string }
  /** Why the reconciler of this node is not there; empty: it is. */
  | { readonly kind: 'agent'; readonly fault: string }
  /** The adapters' own troubles under one name; null: over. */
  | { readonly kind: 'trouble'; readonly source: string; readonly trouble: Trouble | null }
  | { readonly kind: 'stop'; readonly reason: string }

export type LeaseEffect =
  /** To each named node, this node included (delivered locally); all carry one sequence number. */
  | {
      readonly kind: 'send'
      readonly to: readonly string[]
      readonly sequence: number
      readonly spread: Spread
      readonly message: Message
      /** Piggybacked heartbeat. */
      readonly piggybacked: Heartbeat | null
      readonly peers: Readonly<Record<string, Recipient>>
    }
  /** Renewal in one call: read the clock, timeout = min(timeoutMs, notAfter − now), refuse when that is under a tick. */
  | {
      readonly kind: 'fence'
      readonly group: string
      readonly op: FenceOp
      readonly parts: readonly FencePart[]
      readonly timeoutMs: number
      readonly notAfter: Instant
    }
  /** `validSeconds`: the kernel takes an added address off by itself when nobody added it again for so long. */
  | {
      readonly kind: 'address'
      readonly op: 'add' | 'remove'
      readonly group: LeaseGroup
      readonly validSeconds: number
    }
  /** One gratuitous frame for each address, only while now < notAfter (FENCE.md, row 3). */
  | { readonly kind: 'announce'; readonly group: LeaseGroup; readonly notAfter: Instant }
  /** Sets the timer for the next `wake`, in place of the last one. */
  | { readonly kind: 'wake'; readonly at: Instant }
  /**
   * Replace the state on disk by this one, and the view before it where there is one, and say whether both are there for certain:
   * exactly one `persisted`.
   */
  | { readonly kind: 'persist'; readonly state: DurableState; readonly view: LeaseView | null }
  /** The turn of this view has come: open its sockets, and give it to the core once more. */
  | { readonly kind: 'use-view'; readonly view: LeaseView }
  | { readonly kind: 'deliver'; readonly from: string; readonly payload: Uint8Array }
  | { readonly kind: 'event'; readonly event: LeaseEvent }
  /** A peer's claim changed: the agent should know soon. */
  | { readonly kind: 'claimed' }
  /**
   * Rebuild the fence tables in one transaction, closed for all groups that are not carried. Where an element to be
   * carried has run out, the tables are built without any.
   */
  | { readonly kind: 'fence-tables'; readonly groups: readonly LeaseGroup[]; readonly carried: readonly Carried[] }
  | { readonly kind: 'stopped' }

/** How long a report of the agent is trusted. */
export const READY_FOR_MS = 5000
