/**
 * The acceptor: lends this voter's word for a group's addresses to one process start at a time (PROTOCOL.md, section 3).
 *
 * Laws:
 * - a voter is silent for the longest lease that it may have granted before its start, whatever it can still read;
 * - it grants no lease that is longer than what its disk would tell a restart (`limit.ts`);
 * - it lends a group anew only to a director of it; one that left the list may renew what it has;
 * - it lends in the epoch of its view alone; grants survive another epoch, and are in the way there as before;
 * - a live grant of an address belongs to one process start; it is never cut short except by that start's own RELEASE;
 * - `until` runs from receipt: `now` must have been read after the request was received;
 * - a refused or dropped message changes nothing; a POLL never does;
 * - a lease number is granted as new only once, only above every number granted before, and never far above.
 *
 * Lease numbers are reserved on disk ahead of their use, but nothing waits for that: they tell leases apart for people
 * and logs, and a disk that is full stops no failover.
 */
import { type Ack, type Busy, type BusyReason, type Free, type Poll, type Release, type Request } from '@lvsm/protocol'
import { after, type Instant, LONGEST_LEASE_MS, NEVER_BEFORE } from '@lvsm/base'
import { borrowersOf } from './borrowers.ts'
import { LeaseLimit } from './limit.ts'
import { type Grant, grantOf, Locks, type Lock, obstacle, type Start } from './locks.ts'
import { isNext, RESERVE_NUMBERS } from './number.ts'
import type { Rules } from './rules.ts'
import type { DurableState, LeaseGroup, LeaseView, VoterState } from '@lvsm/protocol'

export type { Grant } from './locks.ts'

/** Who sent a message, and as which of its sends. */
export interface Sender extends Start {
  readonly sequence: number
}
/** Of a node that was set up and never took part: it lent nothing. */
export const NEW_STATE: DurableState = { limitMs: 0, highWater: 0, standby: false }
/** Of a node whose state cannot be read: it may have lent the longest lease that any cluster may have (PROTOCOL.md 3.1). */
export const LOST_STATE: DurableState = { limitMs: LONGEST_LEASE_MS, highWater: 0, standby: false }
/** Address lists of so many earlier views are still understood. */
const RECENT_LISTS = 64

export class Acceptor {
  readonly #rules: Rules
  readonly #limit: LeaseLimit
  readonly #silentUntil: Instant
  readonly #locks: Locks
  readonly #lists = new Map<string, LeaseGroup>()
  /** By the keys of the lists. */
  #borrowers: ReadonlyMap<string, ReadonlySet<string>> = new Map()
  readonly #latest = new Map<string, Sender>()
  #view: LeaseView | null = null
  #reserved: number

  /** `state`: as a predecessor left it on disk. */
  constructor(startedAt: Instant, state: VoterState, rules: Rules) {
    this.#rules = rules
    this.#limit = new LeaseLimit(startedAt, state.limitMs, rules)
    this.#silentUntil = after(startedAt, rules.quarantineMs(state.limitMs))
    this.#locks = new Locks(state.highWater, rules)
    this.#reserved = state.highWater
  }

  /** Grants survive a new view. */
  adopt(view: LeaseView, now: Instant): void {
    this.#view = view
    this.#limit.configure(view.timing.leaseMs, now)
    this.#locks.raise(this.#rules.numbersFrom(view.epoch))
    for (const group of view.groups) {
      this.#lists.delete(`${group.name}/${group.digest}`)
      this.#lists.set(`${group.name}/${group.digest}`, group)
    }
    const surplus = this.#lists.size - view.groups.length - RECENT_LISTS
    for (const key of [...this.#lists.keys()].slice(0, Math.max(0, surplus))) this.#lists.delete(key)
    this.#borrowers = borrowersOf(this.#lists, view.groups, this.#rules)
    this.#forget(now)
  }

  /** Of addresses and directors that no list has any more. */
  #forget(now: Instant): void {
    const lists = [...this.#lists.values()]
    this.#locks.forgetBut(new Set(lists.flatMap((list) => this.#rules.locks(list))), now)
    const known = new Set(lists.flatMap(({ name, directors }) => directors.map((node) => latestKey({ node }, name))))
    for (const [key, { node }] of this.#latest)
      if (!known.has(key) && !this.#locks.lendsTo(node, now)) this.#latest.delete(key)
  }

  quarantineLeftMs(now: Instant): number {
    return Math.max(0, this.#silentUntil - now)
  }

  /** `anew`: false where this voter lends nothing but renewals now. */
  request(sender: Sender, message: Request, now: Instant, anew = true): Ack | Busy | null {
    const view = this.#view
    if (!view || now < this.#silentUntil) return null
    if (!this.#isLatest(sender, message.group)) return null
    const grantMs = Math.min(message.leaseMs, this.#limit.grantableMs)
    if (!(grantMs > 0)) return null
    const locks = this.#locksOf(message)
    const refusal = this.#refusal(sender, message, locks, now, anew)
    if (refusal || !locks) return this.#busy(sender, message, locks, refusal ?? { reason: 'unknown-list', leftMs: 0 })
    if (
      !locks.every((lock) => this.#isRenewal(lock, sender, message.number) || isNext(message.number, lock.highWater))
    ) {
      return this.#busy(sender, message, locks, { reason: 'number', leftMs: 0 })
    }
    this.#latest.set(latestKey(sender, message.group), sender)
    for (const lock of locks) this.#lend(lock, sender, message.number, after(now, grantMs), now)
    return { kind: 'ack', ...about(message), echo: echoOf(sender), grantMs, highWater: highWaterOf(locks) }
  }

  poll(sender: Sender, message: Poll, now: Instant, anew = true): Free | Busy | null {
    if (!this.#view || now < this.#silentUntil) return null
    const locks = this.#locksOf(message)
    const refusal = this.#refusal(sender, message, locks, now, anew)
    if (refusal || !locks) return this.#busy(sender, message, locks, refusal ?? { reason: 'unknown-list', leftMs: 0 })
    return { kind: 'free', ...about(message), echo: echoOf(sender), highWater: highWaterOf(locks) }
  }

  /** Milliseconds for which somebody else than this start surely keeps the group, by this voter's own grants; 0 when nobody does. */
  heldByOthersMs(group: LeaseGroup, start: Start, now: Instant): number {
    const hindrance = obstacle(this.#locks.of(this.#rules.locks(group)), start, this.#rules, now)
    return hindrance?.reason === 'held' ? hindrance.leftMs : 0
  }

  /** False: it changed nothing. */
  release(sender: Sender, message: Release, now: Instant): boolean {
    const locks = this.#locksOf(message)
    if (!this.#view || !locks) return false
    if (this.#isLatest(sender, message.group)) this.#latest.set(latestKey(sender, message.group), sender)
    // Who was taken off the list meanwhile cannot take it: it is kept for nobody.
    const successor =
      message.successor !== null && this.#mayBorrow(message, message.successor) ? message.successor : null
    let released = false
    for (const lock of locks) {
      const { grant } = lock
      if (!grant || !this.#rules.releases(grant, sender.node, sender.incarnation, message.upTo)) continue
      this.#locks.release(lock, grant, successor, now)
      released = true
    }
    return released
  }

  /** For observers: the votes that this voter has lent, by address, and until when. */
  votes(): readonly (readonly [string, Grant | null])[] {
    return this.#locks.entries().map(([address, { grant }]) => [address, grant])
  }

  /** What should stand on the disk now. */
  wantedState(now: Instant): VoterState {
    const highest = this.#locks.highest()
    if (highest >= this.#reserved - RESERVE_NUMBERS / 2) this.#reserved = highest + RESERVE_NUMBERS
    return { limitMs: this.#limit.wantedMs(now), highWater: this.#reserved }
  }
  /** The longest lease that it may lend now, milliseconds; 0: none. */
  get grantableMs(): number {
    return this.#limit.grantableMs
  }
  /** When `wantedState` changes without a message; null when it does not. */
  get changesAt(): Instant | null {
    return this.#limit.changesAt
  }
  /** This state is about to be written; one write at a time, and `wrote` ends it. */
  writes(state: VoterState): void {
    this.#limit.writes(state.limitMs)
  }
  /** `ok`: the disk has it for certain; else nobody knows. */
  wrote(ok: boolean): void {
    this.#limit.wrote(ok)
  }

  #lend(lock: Lock, { node, incarnation, sequence }: Sender, number: number, proposed: Instant, now: Instant): void {
    const present = grantOf(lock, { node, incarnation }, this.#rules)?.until ?? NEVER_BEFORE
    const until = this.#rules.grantUntil(present, proposed)
    this.#locks.grant(lock, { node, incarnation, sequence, number, until }, now)
  }

  #refusal(
    sender: Sender,
    message: Request | Poll,
    locks: Lock[] | null,
    now: Instant,
    anew: boolean,
  ): { reason: BusyReason; leftMs: number } | null {
    if (!this.#view || !this.#rules.lendsIn(message.epoch, this.#view.epoch)) return { reason: 'epoch', leftMs: 0 }
    if (!locks) return { reason: 'unknown-list', leftMs: 0 }
    const hindrance = obstacle(locks, sender, this.#rules, now)
    const mayHold = this.#rules.mayHold(this.#mayBorrow(message, sender.node))
    if (hindrance || (anew && mayHold)) return hindrance
    if (locks.every((lock) => this.#isLive(lock, sender, now))) return null
    return { reason: mayHold ? 'epoch' : 'unknown-list', leftMs: 0 }
  }

  #busy(
    sender: Sender,
    message: Request | Poll,
    locks: Lock[] | null,
    refusal: { reason: BusyReason; leftMs: number },
  ): Busy {
    const epoch = this.#view?.epoch ?? 0
    return {
      kind: 'busy',
      ...about(message),
      epoch,
      echo: echoOf(sender),
      ...refusal,
      // What was granted in another epoch is no guide in this one: its numbers begin elsewhere.
      highWater: epoch === message.epoch ? highWaterOf(locks ?? []) : 0,
    }
  }

  #mayBorrow({ group, digest }: Poll | Request | Release, node: string): boolean {
    return this.#borrowers.get(`${group}/${digest}`)?.has(node) === true
  }

  #locksOf(message: { readonly group: string; readonly digest: string }): Lock[] | null {
    const group = this.#lists.get(`${message.group}/${message.digest}`)
    return group ? this.#locks.of(this.#rules.locks(group)) : null
  }

  #isLive(lock: Lock, start: Start, now: Instant): boolean {
    return (grantOf(lock, start, this.#rules)?.until ?? NEVER_BEFORE) > now
  }
  /** The number is not new here, but it is this very holding's: a renewal, even when its grant has run out meanwhile. */
  #isRenewal(lock: Lock, start: Start, number: number): boolean {
    return grantOf(lock, start, this.#rules)?.number === number
  }

  #isLatest(sender: Sender, group: string): boolean {
    const latest = this.#latest.get(latestKey(sender, group))
    return !latest || latest.incarnation !== sender.incarnation || sender.sequence > latest.sequence
  }
}

const latestKey = ({ node }: Pick<Sender, 'node'>, group: string): string => `${group}/${node}`
const about = (message: Request | Poll): { group: string; digest: string; epoch: number } => ({
  group: message.group,
  digest: message.digest,
  epoch: message.epoch,
})
const echoOf = (sender: Sender): { incarnation: string; sequence: number } => ({
  incarnation: sender.incarnation,
  sequence: sender.sequence,
})
const highWaterOf = (locks: readonly Lock[]): number =>
  locks.reduce((highest, lock) => Math.max(highest, lock.highWater), 0)
