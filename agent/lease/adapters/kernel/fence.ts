/** The fence's elements in the kernel: opened, renewed by compare-and-swap, closed; each call is one transaction. */
import { after, type Instant } from '@lvsm/base'
import { NETLINK, openNetlink } from '@lvsm/kernel'
import type { LeaseGroup } from '@lvsm/lease'
import { nftables } from '@lvsm/netlink'
import type { FencePart } from '../../core/events.ts'
import type { Fence, FenceOrder, FenceOutcome, Outcome } from '../../ports.ts'
import { elementOf, type Layer, LAYERS, rulesIn, TABLE, tableMessages } from './fence-tables.ts'

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
  /** Latest expiry of each open element, to put back what was left after a flush. */
  const until = new Map<string, Instant>()
  let present: { groups: readonly LeaseGroup[]; devices: readonly string[] } = { groups: [], devices: [] }
  let egress = true
  /** Taken away for good: nothing is missing. */
  let cleared = false
  const keyOf = (group: string, part: FencePart): string => `${part} ${group}`
  const transact = (messages: readonly Uint8Array[]) => netfilter.apply(nftables.batch(messages))
  const layersOf = (part: FencePart): readonly Layer[] => LAYERS[part].filter((layer) => egress || layer !== 'netdev')

  const build = (groups: readonly LeaseGroup[]): Outcome => {
    const now = clock()
    const indexes = new Set(groups.flatMap(({ addresses }) => addresses.map(({ ifindex }) => ifindex)))
    const devices = [...indexes].map(nameOf).filter((name) => name !== undefined)
    const messages = PARTS.flatMap((part) => {
      const left = (group: string): number => Math.floor((until.get(keyOf(group, part)) ?? now) - now)
      return layersOf(part).flatMap((layer) => tableMessages(layer, groups, devices, left))
    })
    const failed = transact(messages)
    if (failed && egress && !TRANSIENT.has(failed.errno)) {
      // A kernel before 5.16 has no egress hook: the clock before each gratuitous frame is the only guard there.
      egress = false
      return build(groups)
    }
    if (failed) return { ok: false, error: failed.message }
    present = { groups, devices }
    cleared = false
    // Built once before they are needed: a takeover is no time to compile code.
    for (const { name } of groups.slice(0, 1))
      for (const op of ['open', 'renew', 'close'] as const) messagesOf({ group: name, op, parts: PARTS }, SHORTEST_MS)
    return { ok: true, error: '' }
  }

  const messagesOf = (order: Pick<FenceOrder, 'group' | 'op' | 'parts'>, timeoutMs: number): Uint8Array[] => {
    const elements = order.parts.flatMap(layersOf).map((layer) => elementOf(order.group, layer))
    const adding = elements.map(({ name, key }) =>
      nftables.newElements(name, [{ key, timeoutMs }], { exclusive: true }),
    )
    const deleting = elements.map(({ name, key }) => nftables.deleteElements(name, [{ key }]))
    if (order.op === 'open') return adding
    // Deleting an expired element fails and voids the whole: nothing that ran out comes back to life.
    if (order.op === 'renew') return [...deleting, ...adding]
    // Emptying a set also succeeds when its element has run out, and a failed transaction costs the kernel many ms.
    return elements.map(({ name }) => nftables.flushElements(name))
  }

  return {
    build,
    apply(order): FenceOutcome {
      const before = clock()
      const timeoutMs = order.op === 'close' ? 0 : Math.floor(Math.min(order.timeoutMs, order.notAfter - before))
      if (order.op !== 'close' && timeoutMs < SHORTEST_MS)
        return { ok: false, timeoutMs, done: before, error: 'too late: the lease ends before the kernel could open' }
      const error = transact(messagesOf(order, timeoutMs))?.message ?? ''
      const done = clock()
      const ok = error === ''
      for (const part of order.parts) {
        if (order.op === 'close') until.delete(keyOf(order.group, part))
        else if (ok) until.set(keyOf(order.group, part), after(done, timeoutMs))
      }
      return { ok, timeoutMs, done, error }
    },
    restore: () => build(present.groups),
    clear() {
      cleared = true
      const tables = PARTS.flatMap(layersOf).map((family) => ({ family, table: TABLE }))
      const failed = transact(tables.flatMap((table) => [nftables.newTable(table), nftables.deleteTable(table)]))
      return { ok: !failed, error: failed?.message ?? '' }
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
