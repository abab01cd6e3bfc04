/**
 * What an acceptor remembers of each address: who has it, for whom it is kept, and the highest lease number.
 *
 * A node may have grants for several of its process starts at once: nobody can tell which start is the later one, and
 * the late messages of an old start must neither replace nor release what a new one was granted.
 *
 * Laws: all live grants of an address belong to one node; a grant's end never moves back but by its own start's RELEASE.
 */
import { type Instant, invariant } from '@lvsm/base'

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
/** The grant of one process start, live or run out. */
export const grantOf = (lock: Lock, incarnation: string): Grant | undefined =>
  lock.grants.find((grant) => grant.incarnation === incarnation)

export interface Lock {
  /** By process start; run-out ones stay until another node is granted the address. */
  grants: Grant[]
  reservation: Reservation | null
  highWater: number
}

export class Locks {
  readonly #locks = new Map<string, Lock>()
  readonly #base: number

  /** `base`: no lease number up to this one is new, whatever the address (restored from disk). */
  constructor(base: number) {
    this.#base = base
  }

  of(keys: readonly string[]): Lock[] {
    return keys.map((key) => {
      const lock = this.#locks.get(key) ?? { grants: [], reservation: null, highWater: this.#base }
      this.#locks.set(key, lock)
      return lock
    })
  }

  /** Records a grant; `until` was computed from the start's present grant. */
  grant(lock: Lock, grant: Grant, now: Instant): void {
    invariant(
      lock.grants.every(({ node, until }) => node === grant.node || until <= now),
      'a live grant is never given to another node',
    )
    const others = lock.grants.filter(({ incarnation, until }) => incarnation !== grant.incarnation && until > now)
    lock.grants = [...others, grant]
    lock.reservation = null
    lock.highWater = Math.max(lock.highWater, grant.number)
  }

  release(lock: Lock, grant: Grant, successor: string | null, now: Instant): void {
    const { until } = grant
    lock.grants = lock.grants.filter((other) => other !== grant)
    lock.reservation = successor !== null && until > now ? { node: successor, until } : null
  }

  /** Highest number granted or restored, over all addresses. */
  highest(): number {
    let highest = this.#base
    for (const lock of this.#locks.values()) highest = Math.max(highest, lock.highWater)
    return highest
  }
}

/** Milliseconds for which somebody else keeps one of the locks from `node`, and why; null when nobody does. */
export function obstacle(
  locks: readonly Lock[],
  node: string,
  now: Instant,
): { reason: 'held' | 'reserved'; leftMs: number } | null {
  let heldMs = 0
  let reservedMs = 0
  for (const { grants, reservation } of locks) {
    for (const grant of grants) if (grant.node !== node) heldMs = Math.max(heldMs, grant.until - now)
    if (reservation && reservation.node !== node) reservedMs = Math.max(reservedMs, reservation.until - now)
  }
  if (heldMs > 0) return { reason: 'held', leftMs: Math.max(heldMs, reservedMs) }
  return reservedMs > 0 ? { reason: 'reserved', leftMs: reservedMs } : null
}
