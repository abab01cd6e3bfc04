/**
 * A kernel as the fence sees it: addresses that are on or off, and elements with timeouts of which a renewal is a
 * compare-and-swap (fence.md, row 5). Its timers run on the node's clock and end up to two ticks late.
 */
import { type Random, ROUNDING_MS } from '@lvsm/base'
import type { LeaseGroup } from '@lvsm/lease'
import type { FenceOp, FencePart } from '../../agent/lease/core/events.ts'
import type { Clock } from './clock.ts'
import type { Schedule } from './schedule.ts'

const NEVER = Number.NEGATIVE_INFINITY

export interface KernelFaults {
  /** Probability that a call is refused, and does nothing. */
  refusal: number
  /** A planted bug: renewals revive an element that has expired. */
  readonly revives: boolean
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
  /** Until when an address is answered for in this way: it is on, and its group's element is there. */
  answersUntil(address: string, part: FencePart): number {
    const group = this.#groups.get(address)
    return group !== undefined && this.#addresses.has(address) ? this.endOf(group, part) : NEVER
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

  /** The fence tables are put in anew, closed for groups that are new. */
  rebuild(groups: readonly LeaseGroup[], fresh: boolean): void {
    const known = new Set(fresh ? [] : this.#groups.values())
    for (const key of this.#elements.keys()) if (!known.has(key.split('/')[0] ?? '')) this.#elements.delete(key)
    this.#groups.clear()
    for (const { name, addresses } of groups) for (const { address } of addresses) this.#groups.set(address, name)
  }

  /** No power: nothing is left. */
  lose(): void {
    this.#elements.clear()
    this.#addresses.clear()
    this.#groups.clear()
  }

  #lasts(timeoutMs: number): number {
    return timeoutMs / this.#clock.rate + this.#random.next() * ROUNDING_MS
  }

  #refuses(): boolean {
    return this.faults.refusal > 0 && this.#random.next() < this.faults.refusal
  }
}
