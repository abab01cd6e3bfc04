/**
 * The laws, judged by true time on what the kernels really do and what others see; shares nothing with the code that it
 * judges.
 *
 * 1. One owner: at most one node has an address on and answers who-has for it, at every instant. A gratuitous frame is an
 *    announcement too: none leaves while another node answers, or after its sender's lease. So is an answer that had
 *    passed the fence before it was closed, and leaves later: until the lease that was given up would have ended.
 * 2. One server: the same for serving, but the old owner of a planned move may serve on for the drain time: from its
 *    RELEASE on, and where that is held up while another node takes over, from when its kernel would have ended it else:
 *    the last timeout is carried out until then, or not at all. For a NAT gateway: who does not hold it forwards nothing
 *    that is still sent to it.
 * 3. One believer: at most one node believes that it holds an address's lease.
 * 4. The kernel answers no longer than the lease lasts, and for no address that the tables do not know. Tolerated: after a
 *    flush of the tables what is on may answer until the process that was held up or dead then has seen to it, or until
 *    the address's lifetime ends.
 * 5. A new lease of an address has a number above all before, whatever the epoch.
 * 6. Of those that follow coordinators no two act in one epoch on different sets of voters.
 *
 * Overlaps can only begin when a node opens, extends or adds something, or extends its belief: it is judged then.
 */
import { type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import { DRIFT, ROUNDING_MS } from '@lvsm/base'
import type { FencePart } from '../../agent/lease/core/events.ts'
import type { FakeKernel } from '../kit/kernel.ts'
import type { Schedule } from '../kit/schedule.ts'
import { plain } from '../kit/tables.ts'

export class Violation extends Error {
  override name = 'Violation'
}

interface Lease {
  readonly group: LeaseGroup
  /** True time. */
  readonly until: number
  /** Of the latest one that it ever believed in, be it only within a step. */
  readonly furthest: number
}
interface Subject {
  readonly kernel: FakeKernel
  /** What it believes, by group. */
  leases: Map<string, Lease>
  /** End of the latest lease that it ever believed in, by group; true time. */
  readonly ends: Map<string, number>
  /** True time of a planned release, by group; gone when the group is held again. */
  readonly released: Map<string, number>
  /** Groups offered to another node, and until when they were served when *announce* was closed; null: it is open. */
  readonly offered: Map<string, number | null>
  /** Its tables were flushed, and its process did not get to it yet. */
  flushed: boolean
}
export interface Bounds {
  readonly addresses: readonly string[]
  readonly gateways: ReadonlySet<string>
  /** The longest of any timing that is used. */
  readonly drainMs: number
  readonly leaseMs: number
}

/** Of rounding in this simulation's own arithmetic. */
const HAIR_MS = 0.01
/** The lifetime of an address: a lease in whole seconds, within these; and how late its end may be (agent/lease/README.md). */
const [SHORTEST_S, LONGEST_S, LATE_S] = [3, 10, 1]

export class Law {
  readonly #schedule: Schedule
  readonly #bounds: Bounds
  readonly #subjects = new Map<string, Subject>()
  /** Until when packets are forwarded because of the gateway that a node has, or had, on; by node and gateway. */
  readonly #forwarding = new Map<string, number>()
  /** Whom the realservers send to, by gateway: who announced it last. */
  readonly #gatewayOf = new Map<string, string>()
  /** Highest lease number by address, and who had it. */
  readonly #numbers = new Map<string, { readonly number: number; readonly node: string }>()
  /** By epoch, and who acted on it first. */
  readonly #votersOf = new Map<number, { readonly voters: string; readonly node: string }>()
  /** Lease numbers start anew when voters lose their disks, or end before these have the last ones. */
  numbersCount = true
  /** How often two nodes were compared; a law that is never asked proves nothing. */
  asked = 0

  constructor(schedule: Schedule, bounds: Bounds) {
    this.#schedule = schedule
    this.#bounds = bounds
  }

  watch(node: string, kernel: FakeKernel): void {
    this.#subjects.set(node, {
      kernel,
      leases: new Map(),
      ends: new Map(),
      released: new Map(),
      offered: new Map(),
      flushed: false,
    })
  }

  /** The kernel of `node` changed in what concerns these addresses; null: any. */
  changed(node: string, addresses: readonly string[] | null): void {
    const mine = this.#subject(node)
    if (mine.flushed && mine.kernel.now.known().size > 0) mine.flushed = false
    for (const spelled of addresses ?? this.#bounds.addresses) {
      const address = plain(spelled)
      this.#noteGateway(node, mine, address)
      this.#noteClosed(mine, address)
      this.#judgeGuard(node, mine, address)
      for (const [name, other] of this.#subjects)
        if (other !== mine) this.#judgePair([node, mine], [name, other], address)
    }
  }

  #judgeGuard(node: string, mine: Subject, address: string): void {
    const { now: tables } = mine.kernel
    if (tables.offAt(address) <= this.#schedule.now) return
    const group = tables.groupOf(address)
    if (group === undefined) {
      if (mine.flushed) return
      throw new Violation(`unguarded: ${node} has ${address} on, and no table knows it`)
    }
    const end = mine.ends.get(group) ?? Number.NEGATIVE_INFINITY
    const until = tables.answersUntil(address, 'announce')
    if (until <= this.#schedule.now || until <= end + ROUNDING_MS * (1 + DRIFT) + HAIR_MS) return
    throw new Violation(`no lease: ${node} answers for ${address} for ${(until - end).toFixed(1)} ms after its lease`)
  }

  #judgePair([node, mine]: [string, Subject], [name, other]: [string, Subject], address: string): void {
    const { now } = this.#schedule
    if (mine.kernel.now.offAt(address) <= now && other.kernel.now.offAt(address) <= now) return
    this.asked += 1
    if (this.#answers(mine, address, 'announce') && this.#answers(other, address, 'announce'))
      throw new Violation(`two owners: ${node} and ${name} announce ${address}`)
    if (this.#drains(mine, address) || this.#drains(other, address)) return
    if (this.#answers(mine, address, 'serve') && this.#answers(other, address, 'serve'))
      throw new Violation(`two servers: ${node} and ${name} serve ${address}`)
    const forwarder = this.#gatewayOf.get(address)
    if (forwarder === node) this.#judgeForwarding([node, mine], [name, other], address)
    if (forwarder === name) this.#judgeForwarding([name, other], [node, mine], address)
  }

  #noteClosed({ kernel, offered }: Subject, address: string): void {
    const group = kernel.now.groupOf(address)
    if (group === undefined || offered.get(group) !== null) return
    if (kernel.now.endOf(group, 'announce') <= this.#schedule.now) offered.set(group, kernel.now.endOf(group, 'serve'))
  }
  /** An element that opens while the address is off, as every one does first, brings nothing to forward. */
  #noteGateway(node: string, { kernel }: Subject, gateway: string): void {
    if (!this.#bounds.gateways.has(gateway) || kernel.now.offAt(gateway) <= this.#schedule.now) return
    this.#forwarding.set(`${node} ${gateway}`, kernel.now.forwardsUntil(gateway))
  }
  #judgeForwarding([node, mine]: [string, Subject], [name, other]: [string, Subject], gateway: string): void {
    const { now: tables } = mine.kernel
    if (tables.left || this.#isExcused(mine, gateway)) return
    if (tables.forwardsUntil(gateway) > (this.#forwarding.get(`${node} ${gateway}`) ?? 0)) return
    if (tables.forwardsUntil(gateway) > this.#schedule.now && this.#answers(other, gateway, 'announce'))
      throw new Violation(`two gateways: ${node} forwards what is sent to ${gateway}, which ${name} holds`)
  }

  #answers(subject: Subject, address: string, part: FencePart): boolean {
    return subject.kernel.now.answersUntil(address, part) > this.#schedule.now && !this.#isExcused(subject, address)
  }
  #isExcused({ flushed, kernel }: Subject, address: string): boolean {
    return flushed && kernel.now.groupOf(address) === undefined
  }
  #drains({ kernel, released, offered }: Subject, address: string): boolean {
    const group = kernel.now.groupOf(address)
    if (group === undefined) return false
    const since = released.get(group) ?? offered.get(group) ?? null
    if (since === null) return false
    return kernel.now.endOf(group, 'serve') <= since + this.#bounds.drainMs * (1 + 2 * DRIFT) + ROUNDING_MS
  }

  /** A gratuitous frame of `node` left. */
  frame(node: string, spelled: string, group: string): void {
    const address = plain(spelled)
    const mine = this.#subject(node)
    const end = mine.ends.get(group) ?? Number.NEGATIVE_INFINITY
    const { now } = this.#schedule
    if (now >= end && !mine.flushed)
      throw new Violation(`no lease: ${node} announces ${address} ${(now - end).toFixed(1)} ms after its lease`)
    for (const [name, other] of this.#subjects) {
      if (other === mine || mine.flushed) continue
      this.asked += 1
      if (this.#answers(other, address, 'announce'))
        throw new Violation(`two owners: ${node} announces ${address}, which ${name} holds`)
    }
    if (this.#bounds.gateways.has(address)) this.#gatewayOf.set(address, node)
  }

  /** An answer of `node` left that had passed its fence. */
  belated(node: string, spelled: string, group: string): void {
    const address = plain(spelled)
    const mine = this.#subject(node)
    if (mine.flushed || this.#schedule.now >= (mine.ends.get(group) ?? Number.NEGATIVE_INFINITY)) return
    for (const [name, other] of this.#subjects) {
      if (other === mine) continue
      this.asked += 1
      if (this.#answers(other, address, 'announce'))
        throw new Violation(`two owners: a late answer of ${node} for ${address}, which ${name} holds`)
    }
  }

  /** After a step of `node`: everything that it believes; true times. */
  believes(node: string, leases: readonly Lease[]): void {
    const mine = this.#subject(node)
    const before = mine.leases
    mine.leases = new Map(leases.map((lease) => [lease.group.name, lease]))
    for (const lease of leases) {
      const { name } = lease.group
      mine.ends.set(name, Math.max(lease.furthest, mine.ends.get(name) ?? lease.furthest))
      if (before.get(name)?.until === lease.until) continue
      if (lease.until > this.#schedule.now) this.#judgeBelief(node, mine, lease.group)
    }
  }
  #judgeBelief(node: string, mine: Subject, group: LeaseGroup): void {
    for (const [name, other] of this.#subjects) {
      if (other === mine) continue
      for (const theirs of other.leases.values()) {
        this.asked += 1
        if (theirs.until > this.#schedule.now && shares(group, theirs.group))
          throw new Violation(`two believers: ${node} and ${name} hold ${group.name}`)
      }
    }
  }

  /** What `node` acts on from now on. */
  acts(node: string, { epoch, followed, nodes }: LeaseView): void {
    if (followed !== true) return
    const voters = nodes
      .flatMap(({ name, voter }) => (voter ? [name] : []))
      .toSorted()
      .join(' ')
    const known = this.#votersOf.get(epoch) ?? { voters, node }
    this.#votersOf.set(epoch, known)
    if (known.voters !== voters)
      throw new Violation(`two sets: in epoch ${epoch} ${node} counts ${voters}, ${known.node} ${known.voters}`)
  }

  took(node: string, group: string, number: number): void {
    const mine = this.#subject(node)
    mine.released.delete(group)
    mine.offered.delete(group)
    const lease = mine.leases.get(group)
    // Who was held up on the way says so late.
    if (!lease || lease.until <= this.#schedule.now) return
    for (const spelled of lease.group.addresses) {
      const address = plain(spelled.address)
      const highest = this.#numbers.get(address) ?? { number: 0, node }
      // Who opens again under the same lease has the same number again.
      const fresh = number > highest.number || (number === highest.number && highest.node === node)
      if (!fresh && this.numbersCount)
        throw new Violation(
          `old number: ${node} took ${group} by lease ${number}, ${highest.node} had ${highest.number} for ${address}`,
        )
      if (fresh) this.#numbers.set(address, { number, node })
    }
  }
  offered(node: string, group: string): void {
    this.#subject(node).offered.set(group, null)
  }
  released(node: string, group: string): void {
    this.#subject(node).released.set(group, this.#schedule.now)
  }

  /** Somebody took the tables of `node` away: what is on there answers unguarded, but not for ever. */
  flushed(node: string): void {
    const mine = this.#subject(node)
    mine.flushed = true
    const seconds = Math.min(Math.max(SHORTEST_S, Math.ceil(this.#bounds.leaseMs / 1000)), LONGEST_S) + LATE_S
    for (const address of mine.kernel.now.addresses()) {
      const leftMs = mine.kernel.now.offAt(address) - this.#schedule.now
      if (leftMs > seconds * 1000 * (1 + 2 * DRIFT))
        throw new Violation(
          `no lifetime: ${address} stays on ${node} for ${(leftMs / 1000).toFixed(1)} s without a fence`,
        )
    }
  }
  /** Its process has seen to that. */
  sawFlush(node: string): void {
    this.#subject(node).flushed = false
    this.changed(node, null)
  }

  /** The process of `node` is gone; its kernel goes on. */
  killed(node: string): void {
    this.#subject(node).leases = new Map()
  }
  lostPower(node: string): void {
    const mine = this.#subject(node)
    for (const known of [mine.leases, mine.ends, mine.released, mine.offered]) known.clear()
    mine.flushed = false
    for (const [gateway, forwarder] of this.#gatewayOf) if (forwarder === node) this.#gatewayOf.delete(gateway)
  }

  /** End of the latest lease that a node believed in; true time. */
  endOf(node: string, group: string): number {
    return this.#subject(node).ends.get(group) ?? Number.NEGATIVE_INFINITY
  }

  #subject(node: string): Subject {
    const subject = this.#subjects.get(node)
    if (!subject) throw new Error(`nobody watches ${node}`)
    return subject
  }
}

const shares = (a: LeaseGroup, b: LeaseGroup): boolean =>
  a.addresses.some(({ address }) => b.addresses.some((other) => plain(other.address) === plain(address)))
