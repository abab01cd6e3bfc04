/**
 * The laws, judged by true time on what the kernels really do; shares nothing with the code that it judges.
 *
 * 1. One owner: at most one node has an address on and its announcements open, at every instant.
 * 2. One server: the same for serving, except that the old owner of a planned switchover may serve on, for at most
 *    the drain time after its release.
 * 3. One believer: at most one node believes that it holds an address's lease.
 *
 * Overlaps can only begin when a node opens, extends or adds something, or extends its belief: it is judged then.
 */
import { DRIFT, ROUNDING_MS, type Timing } from '@lvsm/base'
import type { LeaseGroup } from '@lvsm/lease'
import type { FencePart } from '../../agent/lease/core/events.ts'
import type { FakeKernel } from '../kit/kernel.ts'

export class Violation extends Error {
  override name = 'Violation'
}

interface Watched {
  readonly kernel: FakeKernel
  /** By group; true time. */
  readonly belief: Map<string, { readonly group: LeaseGroup; readonly until: number }>
  /** True time of a planned release, by group; gone when the group is held again. */
  readonly released: Map<string, number>
}

export class Law {
  readonly #nodes = new Map<string, Watched>()
  readonly #addresses: readonly string[]
  readonly #timing: Timing
  /** How often two nodes were compared; a law that is never asked proves nothing. */
  asked = 0

  constructor(addresses: readonly string[], timing: Timing) {
    this.#addresses = addresses
    this.#timing = timing
  }

  watch(node: string, kernel: FakeKernel): void {
    this.#nodes.set(node, { kernel, belief: new Map(), released: new Map() })
  }
  released(node: string, group: string, at: number): void {
    this.#nodes.get(node)?.released.set(group, at)
  }
  took(node: string, group: string): void {
    this.#nodes.get(node)?.released.delete(group)
  }
  forget(node: string): void {
    this.#nodes.get(node)?.belief.clear()
  }

  /** After a kernel call of `node`. */
  judgeKernel(node: string, now: number): void {
    const mine = this.#nodes.get(node)
    if (!mine) return
    for (const address of this.#addresses) {
      if (mine.kernel.answersUntil(address, 'serve') <= now && mine.kernel.answersUntil(address, 'announce') <= now)
        continue
      for (const [name, other] of this.#nodes)
        if (name !== node) this.#judgePair([node, mine], [name, other], address, now)
    }
  }

  #judgePair([node, mine]: [string, Watched], [name, other]: [string, Watched], address: string, now: number): void {
    this.asked += 1
    const both = (part: FencePart): boolean =>
      mine.kernel.answersUntil(address, part) > now && other.kernel.answersUntil(address, part) > now
    if (both('announce')) throw new Violation(`two owners: ${node} and ${name} announce ${address}`)
    if (!both('serve') || this.#drains(mine, address) || this.#drains(other, address)) return
    throw new Violation(`two servers: ${node} and ${name} serve ${address}`)
  }

  #drains({ kernel, released }: Watched, address: string): boolean {
    const since = released.get(kernel.groupOf(address))
    if (since === undefined) return false
    return kernel.answersUntil(address, 'serve') <= since + this.#timing.drainMs * (1 + 2 * DRIFT) + ROUNDING_MS
  }

  /** After a step of `node`: it believes that it holds the group until `until`, true time. */
  judgeBelief(node: string, group: LeaseGroup, until: number, now: number): void {
    const mine = this.#nodes.get(node)
    if (!mine || mine.belief.get(group.name)?.until === until) return
    mine.belief.set(group.name, { group, until })
    if (until <= now) return
    for (const [name, other] of this.#nodes) {
      if (name === node) continue
      for (const theirs of other.belief.values()) {
        this.asked += 1
        if (theirs.until > now && shares(group, theirs.group)) {
          throw new Violation(`two believers: ${node} and ${name} hold ${group.name}`)
        }
      }
    }
  }
}

const shares = (a: LeaseGroup, b: LeaseGroup): boolean =>
  a.addresses.some(({ address }) => b.addresses.some((other) => other.address === address))
