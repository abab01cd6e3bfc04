/** Calls into the kernel that belong to a seat, with the books kept for each call and each answer. */
import { after, type Instant, invariant } from '@lvsm/base'
import type { FenceElement, LeaseGroup } from '@lvsm/lease'
import type { Carried, FencePart, LeaseInput } from './events.ts'
import { isSilent, type Seat } from './seat.ts'
import type { Station } from './station.ts'

export const BOTH: readonly FencePart[] = ['announce', 'serve']
const ANY_TIME = Number.POSITIVE_INFINITY as Instant

const elements = (seat: Seat, parts: readonly FencePart[]): FenceElement[] => parts.map((part) => seat[part])

/** First opening: only while the addresses are off, for a short time, with no bound on when the kernel does it. */
export function openFence(station: Station, seat: Seat, timeoutMs: number): void {
  invariant(isSilent(seat, station.now), 'the fence is opened only while everything is off')
  for (const element of elements(seat, BOTH)) element.opening(station.now)
  station.effects.push({
    kind: 'fence',
    group: seat.group.name,
    op: 'open',
    parts: BOTH,
    timeoutMs,
    notAfter: seat.holder.deadline,
  })
}

export function renewFence(
  station: Station,
  seat: Seat,
  parts: readonly FencePart[],
  timeoutMs: number,
  notAfter: Instant,
): void {
  for (const element of elements(seat, parts)) element.renewing(timeoutMs)
  station.effects.push({ kind: 'fence', group: seat.group.name, op: 'renew', parts, timeoutMs, notAfter })
}

/** The tables are replaced: what this node holds stays open, but for the seats that it gives, which cannot be renewed now. */
export function buildTables(station: Station, groups: readonly LeaseGroup[], fenceMs: number): readonly Seat[] {
  const carried: Carried[] = []
  const dropped: Seat[] = []
  for (const seat of station.seats.values()) {
    if (seat.phase !== 'holding') continue
    const { deadline } = seat.holder
    const timeouts = elements(seat, BOTH).map((element) => element.carryMs(station.now, deadline, fenceMs))
    if (timeouts.some((timeoutMs) => timeoutMs === null)) {
      dropped.push(seat)
      continue
    }
    const timeoutMs = Math.min(...timeouts.map(Number))
    for (const element of elements(seat, BOTH)) element.renewing(timeoutMs)
    carried.push({ group: seat.group.name, timeoutMs, notAfter: deadline })
  }
  station.effects.push({ kind: 'fence-tables', groups, carried })
  return dropped
}

export function closeFence(station: Station, seat: Seat, parts: readonly FencePart[]): void {
  for (const element of elements(seat, parts)) element.closing()
  station.effects.push({ kind: 'fence', group: seat.group.name, op: 'close', parts, timeoutMs: 0, notAfter: ANY_TIME })
}

/**
 * The kernel takes an address off by itself when nobody extended its lifetime: the second guard, where somebody flushed the
 * fence of a node that is frozen or dead (FENCE.md, row 7). The shorter the better; but each extension of a thousand
 * addresses holds the loop up for tens of milliseconds, so that groups of many have a longer one.
 */
const SHORTEST_VALID_SECONDS = 3
const LONGEST_VALID_SECONDS = 10
const MANY_ADDRESSES = 32
/** So many times in a lifetime: one may fail, and when the second does, the addresses stand for as long again as a move takes. */
const EXTENSIONS = 3
const MISSES = 2

/** Whole seconds, as the kernel counts them; never less than a lease, which is what a hold-up may cost. */
export function validSeconds({ addresses }: LeaseGroup, leaseMs: number): number {
  if (addresses.length > MANY_ADDRESSES) return LONGEST_VALID_SECONDS
  return Math.min(Math.max(SHORTEST_VALID_SECONDS, Math.ceil(leaseMs / 1000)), LONGEST_VALID_SECONDS)
}

export function addAddresses(station: Station, seat: Seat): void {
  invariant(seat.holder.believes(station.now), 'an address is added only under a lease')
  const seconds = validSeconds(seat.group, station.view?.timing.termMs ?? 0)
  seat.addressOff = false
  seat.refreshAt = after(station.now, (seconds * 1000) / EXTENSIONS)
  seat.addressCalls += 1
  station.effects.push({ kind: 'address', op: 'add', group: seat.group, validSeconds: seconds })
}

/** With what is left of their lifetime the addresses stand until the next extension. */
export const addressesStand = ({ addressOn, addressMisses }: Seat): boolean => addressOn && addressMisses < MISSES

export function removeAddresses(station: Station, seat: Seat): void {
  seat.addressOn = false
  seat.addressMisses = 0
  seat.addressCalls += 1
  station.effects.push({ kind: 'address', op: 'remove', group: seat.group, validSeconds: 0 })
}

export function bookFenced(seat: Seat, answer: Extract<LeaseInput, { kind: 'fenced' }>): void {
  for (const element of elements(seat, answer.parts)) {
    if (answer.op === 'open') element.opened(answer.result, answer.timeoutMs, answer.done)
    else if (answer.op === 'renew' || answer.op === 'carry')
      element.renewed(answer.result, answer.timeoutMs, answer.done)
    else element.closed(answer.result)
  }
}

export function bookAddressed(seat: Seat, answer: Extract<LeaseInput, { kind: 'addressed' }>): void {
  seat.addressCalls -= 1
  invariant(seat.addressCalls >= 0, 'one answer for each address call')
  if (answer.op === 'remove' && answer.ok && seat.addressCalls === 0) seat.addressOff = true
  if (answer.op === 'remove') return
  seat.addressOn ||= answer.ok
  seat.addressMisses = answer.ok ? 0 : seat.addressMisses + 1
}
