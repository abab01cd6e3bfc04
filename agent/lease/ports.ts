/** What the lease process needs of the kernel and the network. Each call into the kernel returns after its acknowledgement. */
import { type LeaseGroup } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import type { CallResult } from '@lvsm/lease'
import type { Carried, FenceOp, FencePart, Recipient } from './core/events.ts'

export interface Addressee extends Recipient {
  readonly node: string
}

export interface Outcome {
  readonly result: CallResult
  /** What went wrong as a sentence; empty when it went well. */
  readonly error: string
}
export const FINE: Outcome = { result: 'done', error: '' }

export interface FenceOutcome extends Outcome {
  /** The element's time to live as it was sent. */
  readonly timeoutMs: number
  /** The clock after the acknowledgement. */
  readonly done: Instant
}
export interface Built extends Outcome {
  /** One for each that was to be carried. */
  readonly carried: readonly (FenceOutcome & { readonly group: string })[]
}
export interface FenceOrder {
  readonly group: string
  readonly op: FenceOp
  readonly parts: readonly FencePart[]
  readonly timeoutMs: number
  readonly notAfter: Instant
}

/** The kernel's own guard of the group addresses (FENCE.md): what it does not accept, nobody hears. */
export interface Fence {
  /**
   * Makes the tables hold exactly these groups, in one transaction: what is carried stays open, all else is closed.
   * Nothing is carried where one element of what should be has run out, or is gone.
   */
  build(groups: readonly LeaseGroup[], carried: readonly Carried[]): Built
  apply(order: FenceOrder): FenceOutcome
  /**
   * Takes the tables away, if this process built them: after a clean stop, when the addresses are off for certain,
   * another manager may use them.
   */
  clear(): Outcome
}
/** The heartbeat port of one of our links, and from where peers reach it. */
export interface HeartbeatPort {
  /** Of the link. */
  readonly name: string
  readonly address: string
  readonly port: number
  readonly peers: readonly string[]
  /** Those of them that vote or direct. */
  readonly pillars: readonly string[]
  readonly ports: readonly number[]
}
/** Rules in front of the heartbeat ports: strangers cost the kernel a look, and no peer can send more than its share (FENCE.md, section 6). */
export interface PeerFilter {
  /** In place of those that are there, in one transaction; nothing is done where they are the same. `perSecond`: of one peer. */
  build(ports: readonly HeartbeatPort[], perSecond: number): Outcome
  /** How many datagrams they dropped, as far as that is known. */
  dropped(): number
  /** If this process built them. */
  clear(): Outcome
}
export interface Addresses {
  /** The kernel takes them off by itself when they were not added again for `validSeconds`. */
  add(group: LeaseGroup, validSeconds: number): Outcome
  remove(group: LeaseGroup): Outcome
  /** One gratuitous frame for each address, in the words of its family, each only while the clock shows less than `notAfter`. */
  announce(group: LeaseGroup, notAfter: Instant): Outcome
}
