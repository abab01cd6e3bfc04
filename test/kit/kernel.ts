/**
 * A kernel as a lease process meets it. Its calls take time; it refuses, it does and denies, it denies and does it later.
 * Its timers run on the node's clock and end up to two ticks late, an address's up to a second. Strangers flush its tables
 * and take addresses off, of which it gives notice.
 *
 * The process runs ahead of the schedule (`timeline`), and nobody else touches its kernel meanwhile. So there are two
 * copies of what the kernel holds: `#ahead` as the process that has got so far finds it, which decides what a call
 * returns; and `now`, in which each change is made when its time has come, unless the process was killed before.
 */
import { type Random, randomBetween, ROUNDING_MS, seededRandom } from '@lvsm/base'
import type { CallResult } from '@lvsm/lease'
import type { Clock } from './clock.ts'
import type { Schedule } from './schedule.ts'
import { type TableMistakes, Tables } from './tables.ts'
import type { Timeline } from './timeline.ts'

/** A change of what the kernel holds, at a true time; gives the error, empty when it was made. */
type Change = (tables: Tables, at: number) => string

export interface Pace {
  /** Milliseconds that a call takes. */
  readonly usualMs: readonly [number, number]
  /** Probability that it takes longer, and how long at most. */
  readonly slow: number
  readonly slowMs: number
}
export const BRISK: Pace = { usualMs: [0.1, 0.4], slow: 0, slowMs: 0 }
export const BUSY: Pace = { usualMs: [0.1, 0.6], slow: 0.02, slowMs: 15 }

export interface KernelFaults {
  /** Probability that a call is refused, and does nothing. */
  refusal: number
  /** So many calls are refused, and then no more. */
  refuses: number
  /** Probability that the answer gets lost: the call was done, is done later, or is never done. */
  denial: number
  pace: Pace
}
/** What happens in a kernel that somebody wants to know: the addresses that it is about, null for all. */
export interface KernelEvents {
  changed(addresses: readonly string[] | null): void
  /** Somebody flushed the tables. */
  flushed(): void
  /** An address is gone, and it was not the process that took it off. */
  addressGone(): void
}

const ADDRESS_LATE_MS = 1000
/** Milliseconds for which a frame that has passed the fence is with a processor; one in ten with one that is taken away meanwhile. */
const IN_HAND_MS = [0.01, 0.3] as const
const STOLEN_MS = [1, 60] as const
const STOLEN = 0.1
const FLUSH: Change = (tables) => tables.flush()

export class FakeKernel {
  readonly #schedule: Schedule
  readonly #clock: Clock
  readonly #random: Random
  readonly #mistakes: TableMistakes
  /** True time until which such frames are in the hands of a processor. */
  #inHand = 0
  readonly events: KernelEvents
  readonly faults: KernelFaults = { refusal: 0, refuses: 0, denial: 0, pace: BRISK }
  /** Kernels before 5.16 have no egress hook: what a packet socket sends passes the fence by. */
  readonly egress: boolean
  /** What the world sees. */
  now: Tables
  #ahead: Tables
  /** True time up to which changes of the process are under way. */
  #busyUntil = 0
  #life = 0
  #late: { readonly change: Change; readonly at: number; readonly about: readonly string[] | null } | null = null

  constructor(
    schedule: Schedule,
    clock: Clock,
    random: Random,
    events: KernelEvents,
    { egress = true, mistakes = {} }: { egress?: boolean; mistakes?: TableMistakes } = {},
  ) {
    this.#schedule = schedule
    this.#clock = clock
    this.#random = random
    this.events = events
    this.egress = egress
    this.#mistakes = mistakes
    this.now = new Tables(mistakes)
    this.#ahead = new Tables(mistakes)
  }

  /** As the process finds it. */
  get found(): Tables {
    return this.#ahead
  }
  /** True milliseconds for which an element lasts. */
  elementLasts(timeoutMs: number): number {
    return timeoutMs / this.#clock.rate + this.#random.next() * ROUNDING_MS
  }
  addressLasts(validSeconds: number): number {
    return (validSeconds * 1000) / this.#clock.rate + this.#random.next() * ADDRESS_LATE_MS
  }

  /** Whether a gratuitous frame passes. */
  lets(address: string): boolean {
    const group = this.egress ? this.now.groupOf(address) : undefined
    return group === undefined || this.now.endOf(group, 'announce') > this.#schedule.now
  }

  /** A frame passed the fence just before `at`, and leaves a while later, whatever became of the process; not without power. */
  hold(at: number, leaves: () => void): void {
    // Of its own: what is drawn elsewhere stays as it is.
    const random = seededRandom(Math.floor(at * 1000))
    const left =
      at + (random.next() < STOLEN ? randomBetween(random, ...STOLEN_MS) : randomBetween(random, ...IN_HAND_MS))
    this.#inHand = Math.max(this.#inHand, left)
    const powered = this.now
    this.#schedule.at(left, () => {
      if (this.now === powered) leaves()
    })
  }
  /** True time at which no processor has a frame in hand that passed the fence before `at`. */
  graceOver(at: number): number {
    return Math.max(at + IN_HAND_MS[1], this.#inHand)
  }

  /** A call of the process. `about`: the addresses that it concerns. */
  call(line: Timeline, about: readonly string[] | null, change: Change): { result: CallResult; error: string } {
    this.#settleLate(line.at)
    const ms = this.#lasts()
    const at = line.at + ms * this.#random.next()
    line.pass(ms)
    const { refusal, denial } = this.faults
    const drawn = refusal + denial > 0 ? this.#random.next() : 1
    if (this.faults.refuses > 0) {
      this.faults.refuses -= 1
      return { result: 'refused', error: 'EBUSY' }
    }
    if (drawn < refusal) return { result: 'refused', error: 'EBUSY' }
    if (drawn < refusal + denial) {
      this.#deny(at, about, change)
      return { result: 'unknown', error: 'ENOBUFS' }
    }
    const error = this.#make(at, about, change)
    return error === '' ? { result: 'done', error } : { result: 'refused', error }
  }

  /** Half of the calls whose answer is lost were done, of the others one half is done yet. */
  #deny(at: number, about: readonly string[] | null, change: Change): void {
    const drawn = this.#random.next()
    if (drawn < 0.5) this.#make(at, about, change)
    else if (drawn < 0.75) {
      const late = { change, about, at: at + randomBetween(this.#random, 0, 100) }
      this.#late = late
      this.#schedule.at(late.at, () => {
        if (this.#late === late) this.#settleLate(late.at)
      })
    }
  }
  /** Before the next call of the process at the latest. */
  #settleLate(at: number): void {
    const late = this.#late
    if (!late) return
    this.#late = null
    this.#make(Math.min(at, late.at), late.about, late.change)
  }

  #make(at: number, about: readonly string[] | null, change: Change): string {
    const error = change(this.#ahead, at)
    if (error !== '') return error
    const life = this.#life
    this.#busyUntil = Math.max(this.#busyUntil, at)
    this.#schedule.at(at, () => {
      if (life !== this.#life) return
      change(this.now, at)
      this.#awaitExpiry(about)
      this.events.changed(about)
    })
    return error
  }

  #awaitExpiry(about: readonly string[] | null): void {
    for (const address of about ?? []) {
      const at = this.now.offAt(address)
      if (at > this.#schedule.now && Number.isFinite(at)) this.#schedule.at(at, () => this.#expire(address))
    }
  }
  #expire(address: string): void {
    if (!this.now.expire(this.#schedule.now, address)) return
    this.#ahead.expire(this.#schedule.now, address)
    this.events.addressGone()
  }

  /** Somebody else's doing; between the calls of the process. */
  flush(): void {
    this.#meddle(FLUSH, () => this.#flushed())
  }
  takeOff(address: string): void {
    this.#meddle(
      (tables) => tables.remove([address]),
      () => this.events.addressGone(),
    )
  }
  /** The same while the process is held up within a call, before what it has not done yet. */
  flushAt(at: number): void {
    this.#change(at, FLUSH, () => this.#flushed())
  }
  #flushed(): void {
    this.events.flushed()
    this.events.changed(null)
  }

  #meddle(change: Change, then: () => void): void {
    const { now } = this.#schedule
    if (now >= this.#busyUntil) this.#change(now, change, then)
    else this.#schedule.at(this.#busyUntil, () => this.#meddle(change, then))
  }
  #change(at: number, change: Change, then: () => void): void {
    const life = this.#life
    change(this.#ahead, at)
    this.#schedule.at(at, () => {
      // Killed meanwhile: the next process may be ahead already.
      if (life !== this.#life) return this.#meddle(change, then)
      change(this.now, at)
      then()
    })
  }

  /** The process was killed: what it had not done yet does not happen. */
  abandon(): void {
    this.#life += 1
    this.#late = null
    this.#busyUntil = 0
    this.#ahead = this.now.copy()
  }
  /** No power: nothing is left. */
  lose(): void {
    this.now = new Tables(this.#mistakes)
    this.abandon()
  }

  #lasts(): number {
    const { usualMs, slow, slowMs } = this.faults.pace
    const slowly = slow > 0 && this.#random.next() < slow
    return randomBetween(this.#random, ...usualMs) + (slowly ? this.#random.next() * slowMs : 0)
  }
}
