/**
 * The holder: what makes a node believe that it has a group's lease, and until when (PROTOCOL.md, section 4).
 *
 * Laws:
 * - it believes only while now < deadline; the deadline runs from before the send, and never moves back but by release;
 * - a deadline needs a majority of the voters of that send's epoch, all for that one send;
 * - an ACK counts only for an exact send of this process start, made after the last release;
 * - nobody can lend more than was asked for: a longer grant counts as long as the send's own duration;
 * - one that is shorter than every cluster's lease is none: the pace of an owner follows what it was lent.
 */
import { type Ack, type Incarnation } from '@lvsm/protocol'
import { after, type Instant, invariant, later, NEVER_BEFORE, SHORTEST_LEASE_MS } from '@lvsm/base'
import type { Rules } from './rules.ts'
import type { Send } from './send.ts'

export type { Send } from './send.ts'

/** `extended`: a majority, and the deadline moved. `counted`: noted. `stray`: belongs to nothing. */
export type AckVerdict = 'extended' | 'counted' | 'stray'

/** Sends that wait for answers; older ones are forgotten. */
const REMEMBERED_SENDS = 32

export class Holder {
  readonly #own: Incarnation
  readonly #rules: Rules
  #sends = new Map<number, Send>()
  #newest: Send | null = null
  #deadline: Instant = NEVER_BEFORE
  #furthest: Instant = NEVER_BEFORE
  #number = 0
  #grantedMs = 0

  constructor(own: Incarnation, rules: Rules) {
    this.#own = own
    this.#rules = rules
  }

  get deadline(): Instant {
    return this.#deadline
  }
  /** The latest deadline that it ever had, be it for less than a step; for observers. */
  get furthest(): Instant {
    return this.#furthest
  }
  /** Lease number of the present or last holding; 0 before the first. */
  get number(): number {
    return this.#number
  }
  /** What a majority granted to the newest send that was answered, or that extended the lease, milliseconds; 0 before the first. */
  get grantedMs(): number {
    return this.#grantedMs
  }
  believes(now: Instant): boolean {
    return now < this.#deadline
  }

  /** Notes a REQUEST that is about to leave. */
  asked(send: Omit<Send, 'grants'>): void {
    invariant(!this.#newest || send.sequence > this.#newest.sequence, 'sequence numbers of sends grow')
    const noted: Send = { ...send, grants: new Map() }
    this.#newest = noted
    this.#sends.set(send.sequence, noted)
    for (const sequence of this.#sends.keys()) {
      if (this.#sends.size <= REMEMBERED_SENDS) break
      this.#sends.delete(sequence)
    }
  }

  /** Whether the newest send has its majority already. */
  get answered(): boolean {
    return this.#newest === null || this.#newest.grants.size >= this.#rules.quorum(this.#newest.voters.length)
  }
  get newest(): Send | null {
    return this.#newest
  }
  /** Voters of the newest send that granted none of those that left later; nobody, where none left. */
  withheld(since: Instant): string[] {
    const asked = [...this.#sends.values()].filter(({ sent }) => sent > since)
    if (asked.length === 0) return []
    return (this.#newest?.voters ?? []).filter((voter) => !asked.some(({ grants }) => grants.has(voter)))
  }

  acked(from: string, ack: Ack, now: Instant): AckVerdict {
    const send = this.#rules.sendOf(this.#sends, ack.echo, this.#own)
    if (!send || send.epoch !== ack.epoch || !send.voters.includes(from)) return 'stray'
    if (ack.grantMs < Math.min(SHORTEST_LEASE_MS, send.leaseMs)) return 'stray'
    send.grants.set(from, this.#rules.believedMs(ack.grantMs, send.leaseMs))
    const needed = this.#rules.quorum(send.voters.length)
    if (send.grants.size < needed) return 'counted'
    const least = [...send.grants.values()].sort((a, b) => b - a)[needed - 1] ?? 0
    if (send === this.#newest) this.#grantedMs = least
    const proposed = after(this.#rules.holdFrom(send.sent, now), this.#rules.holdMs(least))
    if (proposed <= this.#deadline) return 'counted'
    // A majority that lends for longer, and answers late: one voter that is quick and lends for less must not set the pace.
    this.#grantedMs = least
    this.#deadline = proposed
    this.#furthest = later(this.#furthest, proposed)
    this.#number = Math.max(this.#number, send.number)
    return 'extended'
  }

  /** Final: gives the last sequence that the voters may forget; no ACK of an earlier send counts from here on. */
  release(): number {
    const upTo = this.#newest?.sequence ?? 0
    this.#sends = this.#rules.keptOnRelease(this.#sends)
    this.#deadline = NEVER_BEFORE
    return upTo
  }
}
