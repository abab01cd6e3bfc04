/** The fence's elements in the kernel: opened, renewed by compare-and-swap, closed; each call is one transaction. */
import type { Instant } from '@lvsm/base'
import { NETLINK, openNetlink } from '@lvsm/kernel'
import type { LeaseGroup } from '@lvsm/lease'
import { nftables } from '@lvsm/netlink'
import type { Carried, FencePart } from '../../core/events.ts'
import { type Built, type Fence, type FenceOrder, type FenceOutcome, FINE, type Outcome } from '../../ports.ts'
import { elementOf, type Layer, LAYERS, ruleMessages, rulesIn, TABLE, tableMessages } from './fence-tables.ts'
import { outcomeOf } from './outcome.ts'

const PARTS: readonly FencePart[] = ['announce', 'serve']
/** Under one tick of the kernel an element has no use. */
const SHORTEST_MS = 4

/** EINTR, EAGAIN, ENOMEM, EBUSY, ERESTART, ENOBUFS, ETIMEDOUT: says nothing about what this kernel can do. */
const TRANSIENT: ReadonlySet<number> = new Set([4, 11, 12, 16, 85, 105, 110])

export interface KernelFence extends Fence {
  /** Are all of its tables there, with every rule? */
  intact(): boolean
  close(): void
}

/** In the network namespace of the process. `nameOf` is an interface's present name, undefined when it is gone. */
export function openFence(clock: () => Instant, nameOf: (index: number) => string | undefined): KernelFence {
  const netfilter = openNetlink(NETLINK.netfilter, { timeoutMs: 200 })
  let present: { groups: readonly LeaseGroup[]; devices: readonly string[] } = { groups: [], devices: [] }
  let egress = true
  /** Not built yet, or taken away for good: nothing is missing. */
  let cleared = true
  const transact = (messages: readonly Uint8Array[]) => netfilter.apply(nftables.batch(messages))
  const transacted = (messages: readonly Uint8Array[]): Outcome => {
    const failed = transact(messages)
    return failed ? outcomeOf([failed]) : FINE
  }
  const layersOf = (part: FencePart): readonly Layer[] => LAYERS[part].filter((layer) => egress || layer !== 'netdev')

  const build = (groups: readonly LeaseGroup[], carried: readonly Carried[]): Built => {
    const before = clock()
    const left = new Map(
      carried.map(({ group, timeoutMs, notAfter }) => [group, Math.floor(Math.min(timeoutMs, notAfter - before))]),
    )
    const late = [...left.values()].some((timeoutMs) => timeoutMs < SHORTEST_MS)
    const leftMs = (group: string): number => left.get(group) ?? 0
    const indexes = new Set(groups.flatMap(({ addresses }) => addresses.map(({ ifindex }) => ifindex)))
    const devices = [...indexes].map(nameOf).filter((name) => name !== undefined)
    const layers = PARTS.flatMap(layersOf)
    // As in a renewal: an element that has run out cannot be taken out, and that voids the whole. What is carried comes
    // before all the rest: a new element's time runs from where it stands in the transaction.
    const messages = [
      ...carried.flatMap(({ group }) => takeOut(group, PARTS)),
      ...layers.flatMap((layer) => tableMessages(layer, groups, leftMs)),
      ...layers.flatMap((layer) => ruleMessages(layer, groups, devices)),
    ]
    const failed = late ? undefined : transact(messages)
    const done = clock()
    if (carried.length > 0 && (late || failed)) {
      const error = failed?.message ?? 'too late'
      return {
        ...build(groups, []),
        // Whatever became of the first transaction: the second one closed all that it may have opened.
        carried: carried.map(({ group }) => ({ group, result: 'refused', timeoutMs: 0, done, error })),
      }
    }
    if (failed && egress && !TRANSIENT.has(failed.errno)) {
      // A kernel before 5.16 has no egress hook: the clock before each gratuitous frame is the only guard there.
      egress = false
      return build(groups, carried)
    }
    if (failed) return { ...outcomeOf([failed]), carried: [] }
    present = { groups, devices }
    cleared = false
    // Built once before they are needed: a takeover is no time to compile code.
    for (const { name } of groups.slice(0, 1))
      for (const op of ['open', 'renew', 'close'] as const) messagesOf({ group: name, op, parts: PARTS }, SHORTEST_MS)
    return { ...FINE, carried: [...left].map(([group, timeoutMs]) => ({ group, ...FINE, timeoutMs, done })) }
  }

  /** Fails where an element is not there, or has run out. */
  const takeOut = (group: string, parts: readonly FencePart[]): Uint8Array[] =>
    parts
      .flatMap(layersOf)
      .map((layer) => elementOf(group, layer))
      .map(({ name, key }) => nftables.deleteElements(name, [{ key }]))

  const messagesOf = (order: Pick<FenceOrder, 'group' | 'op' | 'parts'>, timeoutMs: number): Uint8Array[] => {
    const elements = order.parts.flatMap(layersOf).map((layer) => elementOf(order.group, layer))
    const adding = elements.map(({ name, key }) =>
      nftables.newElements(name, [{ key, timeoutMs }], { exclusive: true }),
    )
    if (order.op === 'open') return adding
    // What cannot be taken out voids the whole: nothing that ran out comes back to life.
    if (order.op === 'renew') return [...takeOut(order.group, order.parts), ...adding]
    // Emptying a set also succeeds when its element has run out, and a failed transaction costs the kernel many ms.
    return elements.map(({ name }) => nftables.flushElements(name))
  }

  return {
    build,
    apply(order): FenceOutcome {
      const before = clock()
      const timeoutMs = order.op === 'close' ? 0 : Math.floor(Math.min(order.timeoutMs, order.notAfter - before))
      if (order.op !== 'close' && timeoutMs < SHORTEST_MS)
        return {
          result: 'refused',
          timeoutMs,
          done: before,
          error: 'too late: the lease ends before the kernel could open',
        }
      const outcome = transacted(messagesOf(order, timeoutMs))
      return { ...outcome, timeoutMs, done: clock() }
    },
    clear() {
      // A predecessor's tables guard what it left behind: only who built his own knows that nothing is on.
      if (cleared) return FINE
      cleared = true
      const tables = PARTS.flatMap(layersOf).map((family) => ({ family, table: TABLE }))
      return transacted(tables.flatMap((table) => [nftables.newTable(table), nftables.deleteTable(table)]))
    },
    intact: () =>
      cleared ||
      PARTS.flatMap(layersOf).every((layer) => rulesFound(layer) === rulesIn(layer, present.groups, present.devices)),
    close: () => netfilter.close(),
  }

  function rulesFound(layer: Layer): number {
    try {
      return netfilter.dump(nftables.dumpRules({ family: layer, table: TABLE })).length
    } catch {
      return 0
    }
  }
}
