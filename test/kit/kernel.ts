/**
 * A kernel as the fence sees it: addresses that are on or off, and elements with timeouts of which a renewal is a
 * compare-and-swap (fence.md, row 5). Its timers run on the node's clock and end up to two ticks late.
 */
import { type Random, ROUNDING_MS } from '@lvsm/base'
import type { LeaseGroup } from '@lvsm/lease'
import type { FenceOp, FencePart } from '../../agent/lease/core/events.ts'
import { BOTH } from '../../agent/lease/core/kernel.ts'
import type { Clock } from './clock.ts'
import type { Schedule } from './schedule.ts'

const NEVER = Number.NEGATIVE_INFINITY

export interface KernelFaults {
  /** Probability that a call is refused, and does nothing. */
  refusal: number
  /** A planted bug: renewals revive an element that has expired. */
  readonly revives: boolean
  /** A planted bug: the first tables of a process leave a predecessor's addresses where they are. */
  readonly sweepsNothing: boolean
}

export class FakeKernel {
  readonly #schedule: Schedule
  readonly #clock: Clock
  readonly #random: Random
  readonly faults: KernelFaults
  readonly #elements = new Map<string, number>()
  readonly #addresses = new Set<string>()
  /** The maps of the fence: which group's element decides for an address. */
  readonly #groups = new Map<string, string>()

  constructor(schedule: Schedule, clock: Clock, random: Random, faults: KernelFaults) {
    this.#schedule = schedule
    this.#clock = clock
    this.#random = random
    this.faults = faults
  }

  /** True time at which an element ends; in the past when it is not there. */
  endOf(group: string, part: FencePart): number {
    return this.#elements.get(`${group}/${part}`) ?? NEVER
  }
  /**
   * Until when an address is answered for in this way: it is on, and its group's element is there. What no table knows
   * is answered for without end: the fence drops only what it was told to.
   */
  answersUntil(address: string, part: FencePart): number {
    if (!this.#addresses.has(address)) return NEVER
    const group = this.#groups.get(address)
    return group === undefined ? Number.POSITIVE_INFINITY : this.endOf(group, part)
  }
  groupOf(address: string): string {
    return this.#groups.get(address) ?? ''
  }

  fence(group: string, op: FenceOp, parts: readonly FencePart[], timeoutMs: number): string {
    if (this.#refuses()) return 'EBUSY'
    const { now } = this.#schedule
    const live = (part: FencePart): boolean => this.endOf(group, part) > now
    if (op === 'open' && parts.some(live)) return 'EEXIST'
    if (op === 'renew' && !this.faults.revives && !parts.every(live)) return 'ENOENT'
    for (const part of parts) {
      if (op === 'close') this.#elements.delete(`${group}/${part}`)
      else if (op === 'renew' || !live(part)) this.#elements.set(`${group}/${part}`, now + this.#lasts(timeoutMs))
    }
    return ''
  }

  address(op: 'add' | 'remove', addresses: readonly string[]): string {
    if (this.#refuses()) return 'ENODEV'
    for (const address of addresses) {
      if (op === 'add') this.#addresses.add(address)
      else this.#addresses.delete(address)
    }
    return ''
  }

  /**
   * The fence tables are put in anew, closed but for the groups that are carried, by name: milliseconds. False when one
   * of these had run out: then all are closed. The first tables of a process sweep first.
   */
  rebuild(groups: readonly LeaseGroup[], carried: ReadonlyMap<string, number>, fresh: boolean): boolean {
    if (fresh && !this.faults.sweepsNothing) this.#addresses.clear()
    const { now } = this.#schedule
    const live = [...carried.keys()].every((group) => BOTH.every((part) => this.endOf(group, part) > now))
    this.clear()
    for (const { name, addresses } of groups) for (const { address } of addresses) this.#groups.set(address, name)
    if (!live && !this.faults.revives) return false
    for (const [group, timeoutMs] of carried)
      for (const part of BOTH) this.#elements.set(`${group}/${part}`, now + this.#lasts(timeoutMs))
    return true
  }

  /** The fence tables are taken away. */
  clear(): void {
    this.#elements.clear()
    this.#groups.clear()
  }

  /** No power: nothing is left. */
  lose(): void {
    this.clear()
    this.#addresses.clear()
  }

  #lasts(timeoutMs: number): number {
    return timeoutMs / this.#clock.rate + this.#random.next() * ROUNDING_MS
  }

  #refuses(): boolean {
    return this.faults.refusal > 0 && this.#random.next() < this.faults.refusal
  }
}
