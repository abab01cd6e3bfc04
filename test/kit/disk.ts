/**
 * What a lease process keeps on a disk. Writes take their time; one that fails may have reached the disk or not, and so may
 * one that was under way when the process was killed or the power was cut. What was acknowledged stays.
 */
import { type DurableState, type LeaseView, unconfirmed } from '@lvsm/protocol'
import { type Random, randomBetween } from '@lvsm/base'
import type { Schedule } from './schedule.ts'

export interface DiskFaults {
  full: boolean
  /** Milliseconds that a write takes, spread over orders of magnitude. */
  tookMs: readonly [number, number]
  /** Probability that it takes seconds. */
  stuck: number
}
export const QUICK: DiskFaults = { full: false, tookMs: [0.1, 3], stuck: 0 }
export const SLUGGISH: DiskFaults = { full: false, tookMs: [0.1, 300], stuck: 0.02 }
const STUCK_MS = [1000, 4000] as const

interface Writing {
  /** Null: as it is. The view comes before the state. */
  readonly view: LeaseView | null
  readonly state: DurableState | null
  readonly done: (error: string) => void
}

export class Disk {
  readonly #schedule: Schedule
  readonly #random: Random
  faults: DiskFaults = { ...QUICK }
  /** Null: lost, or damaged. */
  state: DurableState | null
  /** The last view that was kept. */
  view: LeaseView | null = null
  /** The first is under way. */
  readonly #queue: Writing[] = []

  #failed = false

  constructor(schedule: Schedule, random: Random, state: DurableState | null) {
    this.#schedule = schedule
    this.#random = random
    this.state = state
  }

  /** What the process wanted to be there may not be there. */
  get behind(): boolean {
    return this.#failed || this.#queue.length > 0
  }

  /** `done` with the error, empty when the disk has it. One after the other. */
  write(state: DurableState | null, view: LeaseView | null, done: (error: string) => void): void {
    this.#queue.push({ state, view, done })
    if (this.#queue.length === 1) this.#begin()
  }
  #begin(): void {
    const [writing] = this.#queue
    if (!writing) return
    const { full } = this.faults
    this.#schedule.in(this.#lasts(), () => {
      if (this.#queue[0] !== writing) return
      this.#queue.shift()
      this.#failed = full
      this.#replace(writing, !full)
      writing.done(full ? 'ENOSPC: no space left on device' : '')
      this.#begin()
    })
  }

  /** The process is gone: what it was writing may be there. */
  abandon(): void {
    const [writing] = this.#queue.splice(0)
    if (writing) this.#replace(writing, false)
  }

  /** `certain`: all of it; else as much of it as may be. */
  #replace({ view, state }: Writing, certain: boolean): void {
    if (view && !certain && !this.#mayBe()) return
    if (view) this.view = unconfirmed(view)
    if (state && (certain || this.#mayBe())) this.state = state
  }

  #mayBe(): boolean {
    return this.#random.next() < 0.5
  }
  #lasts(): number {
    const { tookMs, stuck } = this.faults
    if (stuck > 0 && this.#random.next() < stuck) return randomBetween(this.#random, ...STUCK_MS)
    const [least, most] = tookMs.map(Math.log) as [number, number]
    return Math.exp(randomBetween(this.#random, least, most))
  }
}
