/**
 * The acceptor: lends this voter's word for a group's addresses to one node at a time (lease.md, Acceptor).
 *
 * Laws:
 * - after a start it is silent for the quarantine, so that nothing it granted before can still be believed;
 * - all live grants of an address belong to one node; a grant is never cut short except by the RELEASE of the very start that has it;
 * - `until` runs from receipt: `now` must have been read after the request was received;
 * - a refused or dropped message changes nothing; a POLL never does;
 * - a lease number is granted as new only once, and only above every number granted before.
 */
import { after, type Instant, invariant, later, NEVER_BEFORE } from '@lvsm/base'
import { grantOf, Locks, type Lock, obstacle } from './locks.ts'
import type { Ack, Busy, BusyReason, Free, Incarnation, Poll, Release, Request } from './messages.ts'
import type { Rules } from './rules.ts'
import type { LeaseGroup, LeaseView } from './view.ts'

export type { Grant } from './locks.ts'

/** Who sent a message, and as which of its sends. */
export interface Sender {
  readonly node: string
  readonly incarnation: Incarnation
  readonly sequence: number
}
/** Lease numbers are reserved on disk so many at a time. */
export const RESERVE_NUMBERS = 1000
/** Address lists of so many earlier views are still understood. */
const RECENT_LISTS = 64

export class Acceptor {
  readonly #rules: Rules
  readonly #startedAt: Instant
  readonly #locks: Locks
  readonly #lists = new Map<string, LeaseGroup>()
  readonly #latest = new Map<string, { incarnation: string; sequence: number }>()
  #view: LeaseView | null = null
  #silentUntil: Instant = NEVER_BEFORE
  #reserved: number

  /** `highWater`: the number that a predecessor reserved on disk; 0 when there is none. */
  constructor(startedAt: Instant, highWater: number, rules: Rules) {
    this.#startedAt = startedAt
    this.#rules = rules
    this.#locks = new Locks(highWater)
    this.#reserved = highWater
  }

  /** Grants survive a new view. The quarantine counts from the start of the process, by the first view's term. */
  adopt(view: LeaseView): void {
    if (!this.#view) this.#silentUntil = after(this.#startedAt, this.#rules.quarantineMs(view.timing))
    this.#view = view
    for (const group of view.groups) {
      this.#lists.delete(`${group.name}/${group.digest}`)
      this.#lists.set(`${group.name}/${group.digest}`, group)
    }
    const surplus = this.#lists.size - view.groups.length - RECENT_LISTS
    for (const key of [...this.#lists.keys()].slice(0, Math.max(0, surplus))) this.#lists.delete(key)
  }

  quarantineLeftMs(now: Instant): number {
    return Math.max(0, this.#silentUntil - now)
  }

  request(sender: Sender, message: Request, now: Instant): Ack | Busy | null {
    const view = this.#view
    if (!view || now < this.#silentUntil) return null
    if (!this.#isLatest(sender, message.group)) return null
    const locks = this.#locksOf(message)
    const refusal = this.#refusal(sender, message, locks, now)
    if (refusal || !locks) return this.#busy(sender, message, locks, refusal ?? { reason: 'unknown-list', leftMs: 0 })
    if (!locks.every((lock) => message.number > lock.highWater || isRenewal(lock, sender, message.number))) {
      return this.#busy(sender, message, locks, { reason: 'number', leftMs: 0 })
    }
    this.#latest.set(latestKey(sender, message.group), { incarnation: sender.incarnation, sequence: sender.sequence })
    const grantMs = Math.min(message.termMs, view.timing.termMs)
    for (const lock of locks) this.#lend(lock, sender, message.number, after(now, grantMs), now)
    return { kind: 'ack', ...about(message), echo: echoOf(sender), grantMs, highWater: highWaterOf(locks) }
  }

  poll(sender: Sender, message: Poll, now: Instant): Free | Busy | null {
    if (!this.#view || now < this.#silentUntil) return null
    const locks = this.#locksOf(message)
    const refusal = this.#refusal(sender, message, locks, now)
    if (refusal || !locks) return this.#busy(sender, message, locks, refusal ?? { reason: 'unknown-list', leftMs: 0 })
    return { kind: 'free', ...about(message), echo: echoOf(sender), highWater: highWaterOf(locks) }
  }

  /** Milliseconds for which another node than `node` surely keeps the group, by this voter's own grants; 0 when nobody does. */
  heldByOthersMs(group: LeaseGroup, node: string, now: Instant): number {
    const hindrance = obstacle(this.#locks.of(this.#rules.locks(group)), node, now)
    return hindrance?.reason === 'held' ? hindrance.leftMs : 0
  }

  release(sender: Sender, message: Release, now: Instant): void {
    const locks = this.#locksOf(message)
    if (!this.#view || !locks) return
    if (this.#isLatest(sender, message.group)) {
      this.#latest.set(latestKey(sender, message.group), { incarnation: sender.incarnation, sequence: sender.sequence })
    }
    for (const lock of locks) {
      const grant = lock.grants.find((one) => this.#rules.releases(one, sender.node, sender.incarnation, message.upTo))
      if (grant) this.#locks.release(lock, grant, message.successor, now)
    }
  }

  /** The high-water number to reserve on disk now, if the reserve runs low; each wish is given once. */
  takeReserve(): number | null {
    const highest = this.#locks.highest()
    if (highest < this.#reserved - RESERVE_NUMBERS / 2) return null
    this.#reserved = highest + RESERVE_NUMBERS
    return this.#reserved
  }

  #lend(lock: Lock, sender: Sender, number: number, proposed: Instant, now: Instant): void {
    const present = grantOf(lock, sender.incarnation)?.until ?? NEVER_BEFORE
    const until = this.#rules.grantUntil(present, proposed)
    invariant(until === later(present, until) || this.#rules.grantUntil !== later, 'a renewal never shortens a grant')
    this.#locks.grant(lock, { ...sender, number, until }, now)
  }

  #refusal(
    sender: Sender,
    message: Request | Poll,
    locks: Lock[] | null,
    now: Instant,
  ): { reason: BusyReason; leftMs: number } | null {
    if (message.epoch !== this.#view?.epoch) return { reason: 'epoch', leftMs: 0 }
    return locks ? obstacle(locks, sender.node, now) : { reason: 'unknown-list', leftMs: 0 }
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
      highWater: highWaterOf(locks ?? []),
    }
  }

  #locksOf(message: { readonly group: string; readonly digest: string }): Lock[] | null {
    const group = this.#lists.get(`${message.group}/${message.digest}`)
    return group ? this.#locks.of(this.#rules.locks(group)) : null
  }

  #isLatest(sender: Sender, group: string): boolean {
    const latest = this.#latest.get(latestKey(sender, group))
    return !latest || latest.incarnation !== sender.incarnation || sender.sequence > latest.sequence
  }
}

const latestKey = (sender: Sender, group: string): string => `${group}/${sender.node}`
const about = (message: Request | Poll): { group: string; digest: string; epoch: number } => ({
  group: message.group,
  digest: message.digest,
  epoch: message.epoch,
})
const echoOf = (sender: Sender): { incarnation: Incarnation; sequence: number } => ({
  incarnation: sender.incarnation,
  sequence: sender.sequence,
})
const highWaterOf = (locks: readonly Lock[]): number =>
  locks.reduce((highest, lock) => Math.max(highest, lock.highWater), 0)
/** The number is not new here, but it is this very holding's: a renewal, even when its grant has run out meanwhile. */
const isRenewal = (lock: Lock, sender: Sender, number: number): boolean =>
  grantOf(lock, sender.incarnation)?.number === number
