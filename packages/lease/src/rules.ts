/**
 * The decisions on which the whole safety argument rests, each a function of its own, so that a test can plant
 * the classical mistake in exactly one of them and show that the simulator notices (lease.md, What broke earlier drafts).
 */
import { holdMs, type Instant, later, quarantineMs, type Timing } from '@lvsm/base'
import type { Grant } from './locks.ts'
import type { Echo } from './messages.ts'
import type { Send } from './send.ts'
import type { LeaseGroup } from './view.ts'

export interface Rules {
  /** Votes that make a majority of so many voters. */
  quorum(voters: number): number
  /** Silence of a restarted voter. */
  quarantineMs(timing: Timing): number
  /** Where the holder's time runs from: before it sent, never from the receipt of an answer. */
  holdFrom(sent: Instant, received: Instant): Instant
  /** How much of a grant the holder uses. */
  holdMs(grantMs: number): number
  /** End of a renewed grant: a late, short request never shortens it. */
  grantUntil(present: Instant, proposed: Instant): Instant
  /** Whether a RELEASE is about this grant. */
  releases(grant: Grant, from: string, incarnation: string, upTo: number): boolean
  /** The send that an ACK belongs to; undefined when it belongs to none and must not count. */
  sendOf(sends: ReadonlyMap<number, Send>, echo: Echo, own: string): Send | undefined
  /** Sends whose ACKs still count after a release: none. */
  keptOnRelease(sends: ReadonlyMap<number, Send>): Map<number, Send>
  /** What an acceptor locks for a group: its addresses, not its name. */
  locks(group: LeaseGroup): readonly string[]
}

export const RULES: Rules = {
  quorum: (voters) => Math.floor(voters / 2) + 1,
  quarantineMs,
  holdFrom: (sent) => sent,
  holdMs,
  grantUntil: later,
  releases: (grant, from, incarnation, upTo) =>
    grant.node === from && grant.incarnation === incarnation && grant.sequence <= upTo,
  sendOf: (sends, echo, own) => (echo.incarnation === own ? sends.get(echo.sequence) : undefined),
  keptOnRelease: () => new Map(),
  locks: (group) => group.addresses.map(({ address }) => address),
}
