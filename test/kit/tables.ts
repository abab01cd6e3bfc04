/**
 * What one kernel holds: addresses with their lifetimes, and the fence's tables with elements that time out. Every change
 * is a function of this state and of true time, so that it can be made twice: for the process that has got so far, and
 * for the world when its time has come.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import type { FenceOp, FencePart } from '../../agent/lease/core/events.ts'

const NEVER = Number.NEGATIVE_INFINITY
const FOREVER = Number.POSITIVE_INFINITY
const PARTS: readonly FencePart[] = ['announce', 'serve']

const MAPPED = '::ffff:'
/** The one spelling of an address, told without the product's code. */
export const plain = (address: string): string => (address.startsWith(MAPPED) ? address.slice(MAPPED.length) : address)

/** Planted mistakes of a kernel or of the adapter before it. */
export interface TableMistakes {
  /** A renewal revives an element that has expired; so does a carry. */
  readonly revives?: boolean
  readonly carryRevives?: boolean
  /** New tables come up open. */
  readonly bornOpen?: boolean
}

export class Tables {
  readonly #elements = new Map<string, number>()
  /** When each address that is on goes off by itself. */
  readonly #addresses = new Map<string, number>()
  /** The maps of the fence: which group's element decides for an address. */
  readonly #groups = new Map<string, string>()
  readonly #mistakes: TableMistakes
  /** Taken away by a clean stop: what this node does with its packets is its operator's business again. */
  left = false

  constructor(mistakes: TableMistakes) {
    this.#mistakes = mistakes
  }

  copy(): Tables {
    const copy = new Tables(this.#mistakes)
    for (const [key, end] of this.#elements) copy.#elements.set(key, end)
    for (const [address, end] of this.#addresses) copy.#addresses.set(address, end)
    for (const [address, group] of this.#groups) copy.#groups.set(address, group)
    copy.left = this.left
    return copy
  }

  /** True time at which an element ends; in the past when it is not there. */
  endOf(group: string, part: FencePart): number {
    return this.#elements.get(`${group}/${part}`) ?? NEVER
  }
  /** When an address goes off by itself; in the past when it is not on. */
  offAt(address: string): number {
    return this.#addresses.get(plain(address)) ?? NEVER
  }
  groupOf(address: string): string | undefined {
    return this.#groups.get(plain(address))
  }
  /** What no table knows is answered for until it goes off: the fence drops only what it was told to. */
  answersUntil(address: string, part: FencePart): number {
    const group = this.groupOf(address)
    return Math.min(this.offAt(address), group === undefined ? FOREVER : this.endOf(group, part))
  }
  /** Until when packets from inside are forwarded that were sent to this gateway, whether or not its address is on. */
  forwardsUntil(gateway: string): number {
    const group = this.groupOf(gateway)
    return group === undefined ? FOREVER : this.endOf(group, 'serve')
  }
  /** The groups that the tables know. */
  known(): ReadonlySet<string> {
    return new Set(this.#groups.values())
  }
  /** The addresses that are on, or were until they went off by themselves. */
  addresses(): readonly string[] {
    return [...this.#addresses.keys()]
  }

  /** `lasts`: true milliseconds for which an element will be there. Empty when it was done, else the error. */
  fence(at: number, op: FenceOp, group: string, parts: readonly FencePart[], lasts: number): string {
    const live = (part: FencePart): boolean => this.endOf(group, part) > at
    if (!this.known().has(group)) return 'ENOENT'
    if (op === 'open' && parts.some(live)) return 'EEXIST'
    if (op === 'renew' && !this.#mistakes.revives && !parts.every(live)) return 'ENOENT'
    for (const part of parts) {
      if (op === 'close') this.#elements.delete(`${group}/${part}`)
      else this.#elements.set(`${group}/${part}`, at + lasts)
    }
    return ''
  }

  add(at: number, addresses: readonly string[], lasts: number): string {
    for (const address of addresses) this.#addresses.set(plain(address), at + lasts)
    return ''
  }
  remove(addresses: readonly string[]): string {
    for (const address of addresses) this.#addresses.delete(plain(address))
    return ''
  }
  sweep(): string {
    this.#addresses.clear()
    return ''
  }
  /** The address is gone if its time is over. */
  expire(at: number, address: string): boolean {
    return this.offAt(address) <= at && this.#addresses.delete(plain(address))
  }

  /**
   * The tables are put in anew, closed but for the groups that are carried, by name: true milliseconds. Fails where one
   * of these had run out.
   */
  build(at: number, groups: readonly LeaseGroup[], carried: ReadonlyMap<string, number>): string {
    const live = (group: string): boolean => PARTS.every((part) => this.endOf(group, part) > at)
    if (!this.#mistakes.carryRevives && ![...carried.keys()].every(live)) return 'ENOENT'
    this.flush()
    for (const { name, addresses } of groups) {
      for (const { address } of addresses) this.#groups.set(plain(address), name)
      const lasts = carried.get(name) ?? (this.#mistakes.bornOpen ? FOREVER : NEVER)
      for (const part of PARTS) this.#elements.set(`${name}/${part}`, at + lasts)
    }
    return ''
  }
  flush(): string {
    this.#elements.clear()
    this.#groups.clear()
    this.left = false
    return ''
  }
  /** After a clean stop. */
  leave(): string {
    this.flush()
    this.left = true
    return ''
  }
}
