/** The fence's elements in the kernel: opened, renewed by compare-and-swap, closed; each call is one transaction. */
import { type FenceLayer as Layer, type LeaseGroup } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import { NETLINK, type Netlink, type Reply } from '@lvsm/kernel'
import { ERRNO, nftables } from '@lvsm/netlink'
import type { Carried, FencePart } from '../../core/events.ts'
import { type Built, type Fence, type FenceOrder, type FenceOutcome, FINE, type Outcome } from '../../ports.ts'
import { damageIn, type Tables, tablesOf } from './fence-damage.ts'
import {
  guardedIn,
  LAYERS,
  type Opening,
  openingOf,
  ruleMessages,
  speaksV6,
  TABLE,
  tableMessages,
} from './fence-tables.ts'
import { outcomeOf } from './outcome.ts'
import { LINUX, type Sockets } from './sockets.ts'

const PARTS: readonly FencePart[] = ['announce', 'serve']
/** Under one tick of the kernel an element has no use. */
const SHORTEST_MS = 4
/** No call of this socket may hold the loop up for longer. */
const LONGEST_CALL_MS = 200

/** Only these say that a kernel cannot do something at all; whatever else went wrong may go well the next time. */
const UNSUPPORTED: ReadonlySet<number | undefined> = new Set([
  ERRNO.ENOENT,
  ERRNO.EINVAL,
  ERRNO.EPROTONOSUPPORT,
  ERRNO.EOPNOTSUPP,
  ERRNO.EAFNOSUPPORT,
])

/** Where no group has addresses of IPv6 any more. `inet` never comes without ip6, so the kernel knows the family. */
const NO_V6: readonly Uint8Array[] = [nftables.newTable, nftables.deleteTable].map((message) =>
  message({ family: 'ip6', table: TABLE }),
)

/** An interface's present name; undefined when it is gone. */
export type NameOf = (index: number) => string | undefined

interface Present {
  readonly groups: readonly LeaseGroup[]
  readonly messages: readonly Uint8Array[]
  /** As the kernel would say it; worked out when it is first asked for, because after a build other things are in a hurry. */
  tables?: Tables
}

export class KernelFence implements Fence {
  readonly #clock: () => Instant
  readonly #nameOf: NameOf
  readonly #netfilter: Netlink
  /** What the last transaction put there. Undefined: not built yet, or taken away for good; nothing is missing then. */
  #present: Present | undefined
  #egress = true
  /** By group: the longest time that an element of it was given. */
  readonly #longestMs = new Map<string, number>()

  /** In the network namespace of the process. */
  constructor(clock: () => Instant, nameOf: NameOf, sockets: Sockets = LINUX) {
    this.#clock = clock
    this.#nameOf = nameOf
    this.#netfilter = sockets.openNetlink(NETLINK.netfilter, { timeoutMs: LONGEST_CALL_MS })
  }

  build(groups: readonly LeaseGroup[], carried: readonly Carried[]): Built {
    const devices = this.#devicesOf(groups)
    const layers = this.#layers().filter((layer) => layer !== 'ip6' || guardedIn(layer, groups).length > 0)
    const rules = layers.flatMap((layer) => ruleMessages(layer, groups, devices))
    const inTheWay = [...(this.#egress ? [] : this.#egressTable()), ...(layers.includes('ip6') ? [] : NO_V6)]
    const before = this.#clock()
    const left = new Map(carried.map((one) => [one.group, timeLeft(one, before)]))
    const late = [...left.values()].some((timeoutMs) => timeoutMs < SHORTEST_MS)
    const tables = layers.flatMap((layer) => tableMessages(layer, groups, (group) => left.get(group) ?? 0))
    // As in a renewal: an element that has run out cannot be taken out, and that voids the whole. What is carried comes
    // before all the rest: a new element's time runs from where it stands in the transaction.
    const takingOut = carried.flatMap(({ group }) => this.#takeOut(group, PARTS))
    const failed = late ? undefined : this.#transact([...takingOut, ...tables, ...rules, ...inTheWay])
    const done = this.#clock()
    if (carried.length > 0 && (late || failed)) {
      const error = failed?.message ?? 'too late'
      return {
        ...this.build(groups, []),
        // Whatever became of the first transaction: the second one closed all that it may have opened.
        carried: carried.map(({ group }) => ({ group, result: 'refused', timeoutMs: 0, done, error })),
      }
    }
    if (failed && this.#cannot(failed)) {
      // A kernel before 5.16 has no egress hook: the clock before each gratuitous frame is the only guard there. But it
      // may also be that an interface has gone since it was named.
      this.#egress = this.#devicesOf(groups).join(' ') !== devices.join(' ')
      return this.build(groups, [])
    }
    if (failed) return { ...outcomeOf([failed]), carried: [] }
    this.#present = { groups, messages: [...tables, ...rules] }
    this.#longestMs.clear()
    for (const [group, timeoutMs] of left) this.#gives(group, timeoutMs)
    this.#warm(groups)
    return { ...FINE, carried: [...left].map(([group, timeoutMs]) => ({ group, ...FINE, timeoutMs, done })) }
  }

  apply(order: FenceOrder): FenceOutcome {
    const before = this.#clock()
    const timeoutMs = order.op === 'close' ? 0 : timeLeft(order, before)
    if (order.op !== 'close' && timeoutMs < SHORTEST_MS) {
      const error = 'too late: the lease ends before the kernel could open'
      return { result: 'refused', timeoutMs, done: before, error }
    }
    this.#gives(order.group, timeoutMs)
    const failed = this.#transact(this.#messagesOf(order, timeoutMs))
    return { ...outcomeOf(failed ? [failed] : []), timeoutMs, done: this.#clock() }
  }

  clear(): Outcome {
    // A predecessor's tables guard what it left behind: only who built his own knows that nothing is on.
    if (!this.#present) return FINE
    this.#present = undefined
    const tables = this.#layers().map((family): nftables.TableName => ({ family, table: TABLE }))
    const failed = this.#transact(tables.flatMap((table) => [nftables.newTable(table), nftables.deleteTable(table)]))
    return outcomeOf(failed ? [failed] : [])
  }

  /** What somebody did to its tables, as a sentence; empty when they are whole, null when the kernel cannot be asked now. */
  damage(): string | null {
    if (!this.#present) return ''
    const { groups, messages } = this.#present
    const tables = (this.#present.tables ??= tablesOf(messages))
    const openings = groups.flatMap(({ name }) =>
      this.#openings(name, PARTS).flatMap(({ name: set, keys }) =>
        keys.map((key) => ({ name: set, key, longestMs: this.#longestMs.get(name) ?? 0 })),
      ),
    )
    return damageIn(this.#netfilter, tables, openings)
  }

  close(): void {
    this.#netfilter.close()
  }

  #layersOf(parts: readonly FencePart[]): readonly Layer[] {
    return parts.flatMap((part) => LAYERS[part]).filter((layer) => this.#egress || layer !== 'netdev')
  }
  #layers(): readonly Layer[] {
    return this.#layersOf(PARTS)
  }
  #transact(messages: readonly Uint8Array[]): Reply | undefined {
    return this.#netfilter.apply(nftables.batch(messages))
  }
  #cannot(failed: Reply): boolean {
    return this.#egress && failed.answered && UNSUPPORTED.has(failed.errno)
  }
  #gives(group: string, timeoutMs: number): void {
    this.#longestMs.set(group, Math.max(timeoutMs, this.#longestMs.get(group) ?? 0))
  }
  #devicesOf(groups: readonly LeaseGroup[]): string[] {
    const indexes = new Set(groups.flatMap(({ addresses }) => addresses.map(({ ifindex }) => ifindex)))
    // 0: not on this node.
    indexes.delete(0)
    return [...indexes].map(this.#nameOf).filter((name) => name !== undefined)
  }

  /** One that was made while there was an egress hook would be in the way of every announcement. */
  #egressTable(): Uint8Array[] {
    const table: nftables.TableName = { family: 'netdev', table: TABLE }
    const [found] = this.#netfilter.request([nftables.getTable(table)])
    return found?.errno === 0 ? [nftables.deleteTable(table)] : []
  }

  #messagesOf(order: Pick<FenceOrder, 'group' | 'op' | 'parts'>, timeoutMs: number): Uint8Array[] {
    const openings = this.#openings(order.group, order.parts)
    const adding = openings.map(({ name, keys }) =>
      nftables.newElements(
        name,
        keys.map((key) => ({ key, timeoutMs })),
        { exclusive: true },
      ),
    )
    if (order.op === 'open') return adding
    // What cannot be taken out voids the whole: nothing that ran out comes back to life.
    if (order.op === 'renew') return [...this.#takeOut(order.group, order.parts), ...adding]
    // Emptying a set also succeeds when its element has run out, and a failed transaction costs the kernel many ms.
    return openings.map(({ name }) => nftables.flushElements(name))
  }

  /** Fails where an element is not there, or has run out. */
  #takeOut(group: string, parts: readonly FencePart[]): Uint8Array[] {
    return this.#openings(group, parts).map(({ name, keys }) =>
      nftables.deleteElements(
        name,
        keys.map((key) => ({ key })),
      ),
    )
  }

  /** As the tables have it that stand now: what a group becomes is in those that come. */
  #openings(group: string, parts: readonly FencePart[]): readonly Opening[] {
    const six = this.#present?.groups.some((one) => one.name === group && speaksV6(one)) ?? false
    return this.#layersOf(parts)
      .map((layer) => openingOf(group, layer, six))
      .filter(({ keys }) => keys.length > 0)
  }

  /** What is built before it is needed: a takeover is no time to compile code. */
  #warm(groups: readonly LeaseGroup[]): void {
    for (const { name } of groups.slice(0, 1))
      for (const op of ['open', 'renew', 'close'] as const)
        this.#messagesOf({ group: name, op, parts: PARTS }, SHORTEST_MS)
  }
}

/** Whole milliseconds, as the kernel counts them: no longer than ordered, nor beyond what it must not outlive. */
const timeLeft = ({ timeoutMs, notAfter }: Pick<Carried, 'timeoutMs' | 'notAfter'>, now: Instant): number =>
  Math.floor(Math.min(timeoutMs, notAfter - now))
