/** Kernel calls of a group: each is noted in the fence elements when it leaves and when it is answered (FENCE.md, section 5). */
import { type LeaseGroup } from '@lvsm/protocol'
import { after, type Instant, invariant } from '@lvsm/base'
import type { FenceElement } from '@lvsm/lease'
import type { Carried, FencePart, LeaseInput } from './events.ts'
import { isAllOff, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'

export const BOTH: readonly FencePart[] = ['announce', 'serve']
const ANY_TIME = Number.POSITIVE_INFINITY as Instant

const elements = (instance: GroupState, parts: readonly FencePart[]): FenceElement[] =>
  parts.map((part) => instance[part])

/** First opening: only while the addresses are off, and short, because nothing bounds when the kernel does it. */
export function openFence(state: LeaseState, instance: GroupState, timeoutMs: number): void {
  invariant(isAllOff(instance, state.now), 'the fence is opened only while everything is off')
  for (const element of elements(instance, BOTH)) element.opening(state.now)
  state.effects.push({
    kind: 'fence',
    group: instance.group.name,
    op: 'open',
    parts: BOTH,
    timeoutMs,
    notAfter: instance.holder.deadline,
  })
}

export function renewFence(
  state: LeaseState,
  instance: GroupState,
  parts: readonly FencePart[],
  timeoutMs: number,
  notAfter: Instant,
): void {
  for (const element of elements(instance, parts)) element.renewing(timeoutMs)
  state.effects.push({ kind: 'fence', group: instance.group.name, op: 'renew', parts, timeoutMs, notAfter })
}

/** Rebuilds the tables and keeps the groups that are open. Returns those whose elements could not be carried over; the caller reopens them. */
export function buildTables(state: LeaseState, groups: readonly LeaseGroup[], fenceMs: number): readonly GroupState[] {
  const carried: Carried[] = []
  const dropped: GroupState[] = []
  for (const instance of state.instances.values()) {
    if (instance.phase !== 'active') continue
    const { deadline } = instance.holder
    const timeouts = elements(instance, BOTH).map((element) => element.carryMs(state.now, deadline, fenceMs))
    if (timeouts.some((timeoutMs) => timeoutMs === null)) {
      dropped.push(instance)
      continue
    }
    const timeoutMs = Math.min(...timeouts.map(Number))
    for (const element of elements(instance, BOTH)) element.renewing(timeoutMs)
    carried.push({ group: instance.group.name, timeoutMs, notAfter: deadline })
  }
  state.effects.push({ kind: 'fence-tables', groups, carried })
  return dropped
}

export function closeFence(state: LeaseState, instance: GroupState, parts: readonly FencePart[]): void {
  for (const element of elements(instance, parts)) element.closing()
  state.effects.push({
    kind: 'fence',
    group: instance.group.name,
    op: 'close',
    parts,
    timeoutMs: 0,
    notAfter: ANY_TIME,
  })
}

/**
 * Lifetime of an address: the kernel removes it unless the owner extends it. It is the second guard, where somebody flushed
 * the fence of a node that is frozen or dead (FENCE.md, row 7). Extending a thousand addresses holds the event loop up for
 * tens of milliseconds, so large groups have a longer lifetime.
 */
const SHORTEST_VALID_SECONDS = 3
const LONGEST_VALID_SECONDS = 10
const MANY_ADDRESSES = 32
/** Extensions in a lifetime: after the second failure in a row enough is left of it to move the group. */
const EXTENSIONS = 3
const MISSES = 2

/** Lifetime in whole seconds, the kernel's unit; at least a lease duration, for which the process may be held up. */
export function validSeconds({ addresses }: LeaseGroup, leaseMs: number): number {
  if (addresses.length > MANY_ADDRESSES) return LONGEST_VALID_SECONDS
  return Math.min(Math.max(SHORTEST_VALID_SECONDS, Math.ceil(leaseMs / 1000)), LONGEST_VALID_SECONDS)
}

export function addAddresses(state: LeaseState, instance: GroupState): void {
  invariant(instance.holder.believes(state.now), 'an address is added only under a lease')
  const seconds = validSeconds(instance.group, state.view?.timing.leaseMs ?? 0)
  instance.addressOff = false
  instance.refreshAt = after(state.now, (seconds * 1000) / EXTENSIONS)
  instance.addressCalls += 1
  state.effects.push({ kind: 'address', op: 'add', group: instance.group, validSeconds: seconds })
}

/** The addresses are on, and their lifetime lasts until the next extension. */
export const addressesStand = ({ addressOn, addressMisses }: GroupState): boolean => addressOn && addressMisses < MISSES

export function removeAddresses(state: LeaseState, instance: GroupState): void {
  instance.addressOn = false
  instance.addressMisses = 0
  instance.addressCalls += 1
  state.effects.push({ kind: 'address', op: 'remove', group: instance.group, validSeconds: 0 })
}

export function onFenceAnswer(instance: GroupState, answer: Extract<LeaseInput, { kind: 'fenced' }>): void {
  for (const element of elements(instance, answer.parts)) {
    if (answer.op === 'open') element.opened(answer.result, answer.timeoutMs, answer.done)
    else if (answer.op === 'renew' || answer.op === 'carry')
      element.renewed(answer.result, answer.timeoutMs, answer.done)
    else element.closed(answer.result)
  }
}

export function onAddressAnswer(instance: GroupState, answer: Extract<LeaseInput, { kind: 'addressed' }>): void {
  instance.addressCalls -= 1
  invariant(instance.addressCalls >= 0, 'one answer for each address call')
  if (answer.op === 'remove' && answer.ok && instance.addressCalls === 0) instance.addressOff = true
  if (answer.op === 'remove') return
  instance.addressOn ||= answer.ok
  instance.addressMisses = answer.ok ? 0 : instance.addressMisses + 1
}
