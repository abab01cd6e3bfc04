/**
 * What an acceptor remembers of each address: who has it, for whom it is kept, and the highest lease number.
 *
 * Laws: a live grant belongs to one process start; its end never moves back but by that start's own RELEASE.
 */
import { type Instant, invariant, later } from '@lvsm/base'
import type { Rules } from './rules.ts'

export interface Grant {
  readonly node: string
  readonly incarnation: string
  readonly sequence: number
  readonly until: Instant
  readonly number: number
}
export interface Reservation {
  readonly node: string
  readonly until: Instant
}
/** A process start. */
export interface Start {
  readonly node: string
  readonly incarnation: string
}

export interface Lock {
  /** Live or run out: it stays until somebody else is granted the address. */
  grant: Grant | null
  reservation: Reservation | null
  highWater: number
}
const isLive = (one: { readonly until: Instant } | null, now: Instant): boolean => one !== null && one.until > now

/** The grant of this process start, live or run out. */
export const grantOf = ({ grant }: Lock, { node, incarnation }: Start, rules: Rules): Grant | null =>
  grant && !rules.blocks(grant, node, incarnation) ? grant : null

export class Locks {
  readonly #locks = new Map<string, Lock>()
  #base: number
  /** Highest number of the addresses that were forgotten. */
  #forgotten = 0
  readonly #rules: Rules

  /** `base`: no lease number up to this one is new, whatever the address (restored from disk). */
  constructor(base: number, rules: Rules) {
    this.#base = base
    this.#rules = rules
  }

  /** No number up to this one is new from now on. */
  raise(base: number): void {
    if (base <= this.#base) return
    this.#base = base
    for (const lock of this.#locks.values()) lock.highWater = Math.max(lock.highWater, base)
  }

  of(keys: readonly string[]): Lock[] {
    return keys.map((key) => {
      const lock = this.#locks.get(key) ?? {
        grant: null,
        reservation: null,
        highWater: Math.max(this.#base, this.#forgotten),
      }
      this.#locks.set(key, lock)
      return lock
    })
  }

  /** Forgets the addresses that nobody has or is to have, but those of `keys`. What is asked for first begins above their numbers. */
  forgetBut(keys: ReadonlySet<string>, now: Instant): void {
    for (const [key, { grant, reservation, highWater }] of this.#locks) {
      if (keys.has(key) || isLive(grant, now) || isLive(reservation, now)) continue
      this.#locks.delete(key)
      this.#forgotten = Math.max(this.#forgotten, highWater)
    }
  }

  /** Has this node a live grant of any address? */
  lendsTo(node: string, now: Instant): boolean {
    return [...this.#locks.values()].some(({ grant }) => grant?.node === node && isLive(grant, now))
  }

  /** Records a grant; `until` was computed from the start's present grant. */
  grant(lock: Lock, grant: Grant, now: Instant): void {
    invariant(
      !lock.grant || lock.grant.until <= now || !this.#rules.blocks(lock.grant, grant.node, grant.incarnation),
      'a live grant is never given to another process start',
    )
    const present = grantOf(lock, grant, this.#rules)
    invariant(
      !present || present.until <= grant.until || this.#rules.grantUntil !== later,
      'a renewal never shortens a grant',
    )
    lock.grant = grant
    lock.reservation = null
    lock.highWater = Math.max(lock.highWater, grant.number)
  }

  release(lock: Lock, { until }: Grant, successor: string | null, now: Instant): void {
    lock.grant = null
    lock.reservation = successor !== null && until > now ? { node: successor, until } : null
  }

  /** For observers: every address that was asked for, and its lock. */
  entries(): readonly (readonly [string, Readonly<Lock>])[] {
    return [...this.#locks]
  }

  /** Highest number granted or restored, over all addresses, those too that were forgotten. */
  highest(): number {
    let highest = Math.max(this.#base, this.#forgotten)
    for (const lock of this.#locks.values()) highest = Math.max(highest, lock.highWater)
    return highest
  }
}

/** Milliseconds for which somebody else keeps one of the locks from this process start, and why; null when nobody does. */
export function obstacle(
  locks: readonly Lock[],
  { node, incarnation }: Start,
  rules: Rules,
  now: Instant,
): { reason: 'held' | 'reserved'; leftMs: number } | null {
  let heldMs = 0
  let reservedMs = 0
  for (const { grant, reservation } of locks) {
    if (grant && rules.blocks(grant, node, incarnation)) heldMs = Math.max(heldMs, grant.until - now)
    if (reservation && reservation.node !== node) reservedMs = Math.max(reservedMs, reservation.until - now)
  }
  if (heldMs > 0) return { reason: 'held', leftMs: Math.max(heldMs, reservedMs) }
  return reservedMs > 0 ? { reason: 'reserved', leftMs: reservedMs } : null
}
