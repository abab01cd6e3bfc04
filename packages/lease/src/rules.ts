/**
 * The decisions on which the whole safety argument rests, each a function of its own, so that a test can plant
 * the classical mistake in exactly one of them and show that the simulator notices (PROTOCOL.md, section 7).
 */
import { type Echo, type LeaseGroup } from '@lvsm/protocol'
import { canonicalAddress, holdMs, type Instant, later, quarantineMs } from '@lvsm/base'
import type { Grant } from './locks.ts'
import { NUMBERS_OF_EPOCH } from './number.ts'
import type { Send } from './send.ts'

export interface Rules {
  /** Votes that make a majority of so many voters. */
  quorum(voters: number): number
  /** Silence of a restarted voter that may have granted leases of `leaseMs`. */
  quarantineMs(leaseMs: number): number
  /** How long the disk keeps a duration after a shorter one was configured. */
  lowerAfterMs(leaseMs: number): number
  /** The longest lease to grant: as configured, but no longer than a restart would find on the disk. */
  grantableMs(configuredMs: number, certainOnDiskMs: number): number
  /** Where the holder's time runs from: before it sent, never from the receipt of an answer. */
  holdFrom(sent: Instant, received: Instant): Instant
  /** How much of a grant the holder uses. */
  holdMs(grantMs: number): number
  /** What a holder believes of a grant: never more than it asked for. */
  believedMs(grantMs: number, askedMs: number): number
  /** End of a renewed grant: a late, short request never shortens it. */
  grantUntil(present: Instant, proposed: Instant): Instant
  /**
   * Whether a grant is in the way of this process start: everybody else's is, another start's of the same node too. Every
   * node hears the incarnations of the others and can name them as its own: whose start it is, its name says.
   */
  blocks(grant: Grant, node: string, incarnation: string): boolean
  /**
   * Whether a voter lends more than renewals: not while nodes count other voters, nor to a node that is two machines, nor while it
   * does not know which epoch it acted on.
   */
  lendsAnew(votersUnsettled: boolean, cloned: boolean, epochLost: boolean): boolean
  /** Whether a voter that acts on epoch `own` lends in epoch `asked`: in no other. */
  lendsIn(asked: number, own: number): boolean
  /** Whether a view of this epoch may be acted on: not before the disk has it. */
  mayAct(epoch: number, onDisk: number): boolean
  /** Whether a view of this epoch is out of date: a lower one is. */
  isOutdated(epoch: number, known: number): boolean
  /** Whether a view that is on the disk is acted on: when nobody loses a lease by it. */
  goesOn(allCould: boolean): boolean
  /** Whether a peer that counts other voters, or acts on another epoch, could elect a second owner. */
  isDissent(word: { readonly sameVoters: boolean; readonly sameEpoch: boolean }, followed: boolean): boolean
  /** Lease numbers of an epoch are above this one, whatever its voters remember. */
  numbersFrom(epoch: number): number
  /** Whether a group is lent anew to a node: only to its directors. */
  mayHold(isDirector: boolean): boolean
  /** Whether a vote counts: not that of a node that is two machines. */
  countsVote(cloned: boolean): boolean
  /** Whether a RELEASE is about this grant. */
  releases(grant: Grant, from: string, incarnation: string, upTo: number): boolean
  /** The send that an ACK belongs to; undefined when it belongs to none and must not count. */
  sendOf(sends: ReadonlyMap<number, Send>, echo: Echo, own: string): Send | undefined
  /** Sends whose ACKs still count after a release: none. */
  keptOnRelease(sends: ReadonlyMap<number, Send>): Map<number, Send>
  /** What an acceptor locks for a group: its addresses, each in its one spelling, not its name. */
  locks(group: LeaseGroup): readonly string[]
}

const keysByGroup = new WeakMap<LeaseGroup, readonly string[]>()
/** Asked with every message, so it is worked out once for each group (a group never changes). */
function keysOf(group: LeaseGroup): readonly string[] {
  const known = keysByGroup.get(group)
  if (known) return known
  const keys = group.addresses.map(({ address }) => canonicalAddress(address))
  keysByGroup.set(group, keys)
  return keys
}

export const RULES: Rules = {
  quorum: (voters) => Math.floor(voters / 2) + 1,
  quarantineMs,
  lowerAfterMs: quarantineMs,
  grantableMs: Math.min,
  holdFrom: (sent) => sent,
  holdMs,
  believedMs: Math.min,
  grantUntil: later,
  blocks: (grant, node, incarnation) => grant.node !== node || grant.incarnation !== incarnation,
  lendsAnew: (votersUnsettled, cloned, epochLost) => !votersUnsettled && !cloned && !epochLost,
  lendsIn: (asked, own) => asked === own,
  mayAct: (epoch, onDisk) => epoch <= onDisk,
  isOutdated: (epoch, known) => epoch < known,
  goesOn: (allCould) => allCould,
  isDissent: ({ sameVoters, sameEpoch }, followed) => (followed ? sameEpoch && !sameVoters : !sameEpoch || !sameVoters),
  numbersFrom: (epoch) => (epoch - 1) * NUMBERS_OF_EPOCH,
  mayHold: (isDirector) => isDirector,
  countsVote: (cloned) => !cloned,
  releases: (grant, from, incarnation, upTo) =>
    grant.node === from && grant.incarnation === incarnation && grant.sequence <= upTo,
  sendOf: (sends, echo, own) => (echo.incarnation === own ? sends.get(echo.sequence) : undefined),
  keptOnRelease: () => new Map(),
  locks: keysOf,
}
