/**
 * A lease process's two ports into its kernel, as its adapters are: the clock is read directly before each call, and a
 * process may be held up at each point between.
 */
import { type LeaseGroup } from '@lvsm/protocol'
import type { Instant } from '@lvsm/base'
import type { Carried } from '../../agent/lease/core/events.ts'
import {
  type Addresses,
  type Built,
  type Fence,
  type FenceOrder,
  type FenceOutcome,
  FINE,
  type Outcome,
} from '../../agent/lease/ports.ts'
import type { FakeKernel } from './kernel.ts'
import type { Timeline } from './timeline.ts'

/** Under a tick of the kernel an element has no use. */
const SHORTEST_MS = 4

export interface KernelHooks {
  /**
   * Milliseconds for which the process stands still between the clock and a renewal, once; nearly always 0. `denied`: the
   * answer of the last call got lost.
   */
  trip(denied: boolean): number
  /** A gratuitous frame leaves. */
  frame(address: string, group: string): void
  /** An answer leaves that had passed the fence before it was closed. */
  belated(address: string, group: string): void
  /** Planted: the first tables leave a predecessor's addresses where they are. */
  readonly sweepsNothing: boolean
  /** Planted: a stop takes away tables that a predecessor left. */
  readonly clearsUnseen: boolean
}
export interface KernelPorts {
  readonly fence: Fence
  readonly addresses: Addresses
  /** True time at which a grace period is over that begins now. */
  graceOver(): number
  /** It has built tables that guard something. */
  guards(): boolean
  /** Somebody took tables away that this process had built. */
  tablesGone(): boolean
  /** Groups of which an address was added and not removed since, and is not on. */
  addressesGone(groups: readonly LeaseGroup[]): readonly string[]
}

const textsOf = ({ addresses }: LeaseGroup): string[] =>
  addresses.filter(({ ifindex }) => ifindex > 0).map(({ address }) => address)

export function kernelPorts(kernel: FakeKernel, line: Timeline, hooks: KernelHooks): KernelPorts {
  let built = false
  /** Addresses of the groups in the tables, as this process built them. */
  let guarded = new Map<string, readonly string[]>()
  let swept = hooks.sweepsNothing
  const standing = new Set<string>()
  let denied = false

  const sweep = (): Outcome => kernel.call(line, kernel.found.addresses(), (tables) => tables.sweep())

  const transact = (groups: readonly LeaseGroup[], carried: readonly Carried[]): Built => {
    line.pause()
    const before = line.read()
    const left = new Map(
      carried.map(({ group, timeoutMs, notAfter }) => [group, Math.floor(Math.min(timeoutMs, notAfter - before))]),
    )
    const late = [...left.values()].some((timeoutMs) => timeoutMs < SHORTEST_MS)
    if (left.size > 0) line.pass(hooks.trip(denied))
    line.pause()
    const lasts = new Map([...left].map(([group, timeoutMs]) => [group, kernel.elementLasts(timeoutMs)]))
    const outcome = late
      ? { ...FINE, result: 'refused' as const }
      : kernel.call(line, null, (tables, at) => tables.build(at, groups, lasts))
    line.pause()
    const done = line.read()
    if (outcome.result === 'done') {
      built = true
      guarded = new Map(groups.map((group) => [group.name, group.addresses.map(({ address }) => address)]))
      return { ...FINE, carried: [...left].map(([group, timeoutMs]) => ({ group, ...FINE, timeoutMs, done })) }
    }
    if (carried.length === 0) return { ...outcome, carried: [] }
    const { error } = outcome
    const nothing = { result: 'refused' as const, timeoutMs: 0, done, error }
    return { ...transact(groups, []), carried: carried.map(({ group }) => ({ group, ...nothing })) }
  }

  const build = (groups: readonly LeaseGroup[], carried: readonly Carried[]): Built => {
    const off = swept ? FINE : sweep()
    swept ||= off.result === 'done'
    const outcome = swept ? transact(groups, carried) : { ...off, carried: [] }
    if (outcome.result !== 'done') sweep()
    return outcome
  }

  const answering = (group: string): readonly string[] =>
    kernel.found.endOf(group, 'announce') > line.at
      ? (guarded.get(group) ?? []).filter((address) => kernel.found.offAt(address) > line.at)
      : []

  const apply = ({ group, op, parts, timeoutMs: wanted, notAfter }: FenceOrder): FenceOutcome => {
    line.pause()
    const before = line.read()
    const timeoutMs = op === 'close' ? 0 : Math.floor(Math.min(wanted, notAfter - before))
    if (op !== 'close' && timeoutMs < SHORTEST_MS)
      return { result: 'refused', timeoutMs, done: before, error: 'too late' }
    if (op === 'renew') line.pass(hooks.trip(denied))
    line.pause()
    const lasts = kernel.elementLasts(timeoutMs)
    const about = guarded.get(group) ?? null
    const answered = op === 'close' && parts.includes('announce') ? answering(group) : []
    const outcome = kernel.call(line, about, (tables, at) => tables.fence(at, op, group, parts, lasts))
    for (const address of outcome.result === 'done' ? answered : [])
      kernel.hold(line.at, () => hooks.belated(address, group))
    denied = outcome.result === 'unknown'
    line.pause()
    return { ...outcome, timeoutMs, done: line.read() }
  }

  const add = (group: LeaseGroup, validSeconds: number): Outcome => {
    const addresses = textsOf(group)
    for (const address of addresses) standing.add(address)
    line.pause()
    const lasts = kernel.addressLasts(validSeconds)
    return kernel.call(line, addresses, (tables, at) => tables.add(at, addresses, lasts))
  }

  const remove = (group: LeaseGroup): Outcome => {
    const addresses = textsOf(group)
    const stood = addresses.filter((address) => standing.delete(address))
    line.pause()
    const outcome = kernel.call(line, addresses, (tables) => tables.remove(addresses))
    if (outcome.result !== 'done') for (const address of stood) standing.add(address)
    return outcome
  }

  /** Without the egress hook the clock is the only guard, so nothing comes between it and the frame. */
  const announce = (group: LeaseGroup, notAfter: Instant): Outcome => {
    const gatewaysFirst = [...group.addresses].sort((a, b) => Number(a.kind === 'vip') - Number(b.kind === 'vip'))
    let failed = 0
    for (const { address, ifindex } of gatewaysFirst) {
      line.pause()
      if (ifindex === 0 || line.read() >= notAfter) failed += 1
      else {
        if (kernel.egress) line.pause()
        line.show(() => {
          if (kernel.lets(address)) hooks.frame(address, group.name)
        })
      }
    }
    return failed > 0 ? { result: 'refused', error: `${failed} gratuitous frames did not leave` } : FINE
  }

  return {
    fence: {
      build,
      apply,
      clear: () => (built || hooks.clearsUnseen ? kernel.call(line, null, (tables) => tables.leave()) : FINE),
    },
    addresses: { add, remove, announce },
    graceOver: () => kernel.graceOver(line.at),
    guards: () => guarded.size > 0,
    tablesGone: () => guarded.size > 0 && kernel.found.known().size === 0 && !kernel.found.left,
    addressesGone: (groups) =>
      groups
        .filter((group) =>
          textsOf(group).some((address) => standing.has(address) && kernel.found.offAt(address) <= line.at),
        )
        .map(({ name }) => name),
  }
}
