/**
 * The laws of verdicts, judged by true time on what an agent asks, hears, and does to its table; shares nothing with the code
 * that it judges.
 *
 * 1. With `keep-last`, no operation takes the last realserver with weight out of a pool, whatever the answers were.
 * 2. Nobody leaves without a reason: so many failures in a row as `fall` says, a hold while somebody free is well, or its own word.
 * 3. Nobody comes without one: so many good answers as `rise` says (the first one is enough where nothing is known), and no hold.
 * 4. Who failed is out within a moment, and who is well and not held is in: no hold is longer than it may be.
 * 5. No more are out by checks than the cap lets, when one leaves.
 * 6. One that flaps beside a steady one leaves a bounded number of times within ten minutes.
 * 7. Work has a reason: no operation on a pool of which nothing changed lately.
 * 8. A target is asked as often as its pace says, and no oftener; never twice at the same time but for a question that is lost.
 * 9. One that was well and answers no more has failed after fall × interval and a timeout.
 * 10. While fewer are well and free than its panic says, all serve of whom something is known; and only then for that.
 */
import { isMark, serviceKey } from '@lvsm/model'
import type { Operation } from '@lvsm/plan'
import type { DataPlane } from '../../kit/data-plane.ts'
import { Violation } from '../law.ts'
import { type DraftPool, VIP } from './draft.ts'
import { mostDepartures, type Pair, WINDOW_MS } from './pair.ts'

/** A look, and a plan that is carried out. */
const MOMENT_MS = 2500
/** Who failed lingers at weight 0 before it goes. */
const LINGER_MS = 5000
/** A lost question is asked again after so many of its timeouts. */
const LOST_AFTER = 4
const SLACK_MS = 100
/** A question may be so late, and the next one in time. */
const LATE_MS = 5

export class VerdictLaw {
  readonly #plane: DataPlane
  readonly #pairs: readonly Pair[]
  readonly #now: () => number
  /** When something changed in a pool that work may come of. */
  readonly #reasonAt = new Map<DraftPool, number>()
  readonly #wasHeld = new Set<Pair>()
  /** Which pools are in a panic, and since when they are, or are not. */
  readonly #panics = new Map<DraftPool, { readonly is: boolean; readonly since: number }>()
  /** How often each law was put to the question. */
  readonly asked = { operations: 0, departures: 0, arrivals: 0, kept: 0, capped: 0, panicked: 0, held: 0, timed: 0 }

  constructor(plane: DataPlane, pairs: readonly Pair[], now: () => number) {
    this.#plane = plane
    this.#pairs = pairs
    this.#now = now
  }

  #of(pool: DraftPool): Pair[] {
    return this.#pairs.filter((pair) => pair.pool === pool)
  }
  weightOf({ pool, key }: Pair): number {
    const service = this.#plane.services.get(serviceKey({ protocol: 'tcp', address: VIP, port: pool.port }))
    return service?.dests.get(key)?.weight ?? 0
  }
  #serves = (pair: Pair): boolean => this.weightOf(pair) > 0

  /** Of one pool; true time. */
  changed(pool: DraftPool): void {
    this.#reasonAt.set(pool, this.#now())
    this.refresh(pool)
  }
  /** Who may leave now, and who may come. */
  refresh(pool: DraftPool): void {
    const now = this.#now()
    const pairs = this.#of(pool)
    const own = pairs.filter(({ server }) => !server.backup)
    const inPanic = this.#panicOf(pool, own)
    const freeWell = own.some((one) => one.verdict === true && !one.isHeld(now))
    for (const pair of pairs) {
      const isOut = pair.verdict === false || pair.weight === 0 || (pair.isHeld(now) && freeWell)
      if (isOut || hasBackup(pairs)) pair.mayLeaveAt = now
      const nobody = !own.some(({ verdict }) => verdict === true)
      const isFree = pair.verdict === true && !(pair.isHeld(now) && freeWell)
      // Who is kept by the cap comes back when its program says no more that it takes nobody.
      const isKept = pool.cap < 100 && pair.weighedAt === now && pair.weight !== 0
      if (isFree || nobody || inPanic.is || isKept || hasBackup(pairs)) pair.mayComeAt = now
    }
  }

  #panicOf(pool: DraftPool, own: readonly Pair[]): { readonly is: boolean; readonly since: number } {
    const now = this.#now()
    const free = own.filter((one) => one.verdict !== false && !one.isHeld(now)).length
    const is = free < own.length && free * 100 < pool.panic * own.length
    const known = this.#panics.get(pool)
    if (known?.is === is) return known
    const begun = { is, since: now }
    this.#panics.set(pool, begun)
    return begun
  }

  /** An operation that is carried out between these two. */
  judge(operation: Operation, apply: () => string | null): string | null {
    const now = this.#now()
    const port = 'service' in operation && !isMark(operation.service) ? operation.service.port : null
    const pairs = this.#pairs.filter(({ pool }) => pool.port === port)
    const [pool] = pairs.map((pair) => pair.pool)
    if (!pool) return apply()
    for (const pair of pairs) this.#noteHold(pair, now)
    this.refresh(pool)
    const before = pairs.filter(this.#serves)
    const error = apply()
    this.asked.operations += 1
    const after = pairs.filter(this.#serves)
    if (before.length > 0 && after.length === 0 && pool.keepLast)
      throw new Violation(`floor: ${operation.kind} empties ${pool.name}`)
    for (const pair of before.filter((one) => !after.includes(one))) this.#judgeDeparture(pair, pairs, now)
    for (const pair of after.filter((one) => !before.includes(one))) this.#judgeArrival(pair, now)
    this.#judgeReason(pool, operation, now)
    return error
  }

  #judgeReason(pool: DraftPool, { kind }: Operation, now: number): void {
    const reasonAt = this.#reasonAt.get(pool) ?? now
    if (now - reasonAt > LINGER_MS + pool.slowMs)
      throw new Violation(`work: ${kind} on ${pool.name}, where nothing changed for ${seconds(now - reasonAt)}`)
  }

  #judgeDeparture(pair: Pair, pairs: readonly Pair[], now: number): void {
    this.asked.departures += 1
    if (now - pair.mayLeaveAt > MOMENT_MS)
      throw new Violation(`leaves: ${pair.name} had no reason to for ${seconds(now - pair.mayLeaveAt)}`)
    const { pool } = pair
    if (pool.cap < 100 && pair.weight !== 0 && !hasBackup(pairs) && !pool.says) {
      this.asked.capped += 1
      const most = Math.max(1, Math.floor((pairs.length * pool.cap) / 100))
      const out = pairs.filter((one) => one.verdict !== null && !this.#serves(one))
      if (out.length > most)
        throw new Violation(`cap: ${pair.name} leaves, and ${out.length} of ${pairs.length} are out, more than ${most}`)
    }
    pair.departures = [...pair.departures.filter((at) => now - at < WINDOW_MS), now]
    const isDamped = pool.holdMs > 0 && pool.cap === 100 && !pool.says && pairs.some(({ server }) => server.steady)
    // A panic takes others with it.
    const others = pool.panic > 0 ? pairs.length : 1
    if (isDamped && pair.departures.length > others * mostDepartures(pool.holdMs))
      throw new Violation(`flapping: ${pair.name} leaves for the ${pair.departures.length}th time within ten minutes`)
  }
  #judgeArrival(pair: Pair, now: number): void {
    this.asked.arrivals += 1
    if (now - pair.mayComeAt > MOMENT_MS)
      throw new Violation(`comes: ${pair.name} had no reason to for ${seconds(now - pair.mayComeAt)}`)
  }

  /** Now and then, while the agent runs. */
  watch(): void {
    const now = this.#now()
    for (const pool of new Set(this.#pairs.map((pair) => pair.pool))) this.#watchPool(pool, now)
  }
  #watchPool(pool: DraftPool, now: number): void {
    const pairs = this.#of(pool)
    for (const pair of pairs) this.#noteHold(pair, now)
    this.refresh(pool)
    for (const pair of pairs) {
      this.#judgePace(pair, now)
      this.#judgeTime(pair, now)
      if (hasBackup(pairs)) continue
      const panic = this.#panicOf(pool, pairs)
      if (now - panic.since <= MOMENT_MS) continue
      if (panic.is) {
        this.#judgePanic(pair, now)
        continue
      }
      const others = pairs.filter((one) => one !== pair && one.takes && !one.isHeld(now))
      if (others.some((one) => now - one.settledAt > MOMENT_MS)) this.#judgeIn(pair, now)
      else if (pair.verdict === false && this.#serves(pair)) this.asked.kept += 1
    }
  }
  #judgePanic(pair: Pair, now: number): void {
    const isKnown = pair.verdict !== null && pair.weight !== 0 && pair.server.weight > 0
    if (!isKnown || now - pair.settledAt <= MOMENT_MS) return
    this.asked.panicked += 1
    if (!this.#serves(pair)) throw new Violation(`panic: ${pair.name} does not serve, and too few are well`)
  }
  #noteHold(pair: Pair, now: number): void {
    const isHeld = pair.isHeld(now)
    if (isHeld === this.#wasHeld.has(pair)) return
    this.#reasonAt.set(pair.pool, now)
    if (isHeld) this.#wasHeld.add(pair)
    else this.#wasHeld.delete(pair)
  }
  /** Beside somebody who is well and free. */
  #judgeIn(pair: Pair, now: number): void {
    const { pool, verdict, since, heldUntil, server } = pair
    const [serves, long] = [this.#serves(pair), now - pair.settledAt > MOMENT_MS]
    if (pair.isHeld(now)) {
      this.asked.held += 1
      if (serves && pool.cap === 100 && now - since > MOMENT_MS && verdict === true)
        throw new Violation(`hold: ${pair.name} serves, and is held for ${seconds(heldUntil - now)} more`)
      return
    }
    if (verdict === false && serves && pool.cap === 100 && long)
      throw new Violation(`out: ${pair.name} failed ${seconds(now - since)} ago, and serves`)
    if (pair.takes && !serves && long && server.weight > 0)
      throw new Violation(`in: ${pair.name} is well for ${seconds(now - since)}, and does not serve`)
  }

  asks(pair: Pair): void {
    const now = this.#now()
    const { intervalMs, fastMs, downMs, jitter, timeoutMs } = pair.pool
    const [gap, soonest] = [now - pair.askedAt, Math.min(intervalMs, fastMs, downMs) * (1 - jitter / 100)]
    if (pair.waits && gap < LOST_AFTER * timeoutMs - 1)
      throw new Violation(`twice: ${pair.name} is asked, and did not answer the question ${seconds(gap)} before`)
    if (pair.heard > 0 && gap < soonest - LATE_MS)
      throw new Violation(
        `often: ${pair.name} is asked again after ${seconds(gap)}, sooner than ${seconds(soonest)} by ${Math.round(soonest - gap)} ms`,
      )
    pair.askedAt = now
    pair.waits = true
  }
  #judgePace(pair: Pair, now: number): void {
    const { intervalMs, fastMs, downMs, timeoutMs } = pair.pool
    const longest = 2 * Math.max(intervalMs, fastMs, downMs) + LOST_AFTER * timeoutMs + MOMENT_MS
    if (now - pair.askedAt > longest)
      throw new Violation(`forgotten: ${pair.name} was not asked for ${seconds(now - pair.askedAt)}`)
  }

  /** Of one that was well. */
  #judgeTime({ pool, temper, verdict, heard, name, since }: Pair, now: number): void {
    const { intervalMs, fastMs, timeoutMs, fall } = pool
    const fails = (temper.phase === 'dead' || temper.phase === 'hung') && temper.before === 'alive'
    // The first two questions are spread over two intervals.
    if (!fails || heard < fall + 2 || fastMs > intervalMs) return
    if (verdict !== false && since > temper.since - 2 * intervalMs) return
    const bound = fall * intervalMs + timeoutMs + SLACK_MS
    if (now - temper.since <= bound) return
    this.asked.timed += 1
    if (verdict !== false)
      throw new Violation(`late: ${name} is ${temper.phase} for ${seconds(now - temper.since)}, and has not failed`)
  }
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
const hasBackup = (pairs: readonly Pair[]): boolean => pairs.some(({ server }) => server.backup)
