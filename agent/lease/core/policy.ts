/**
 * When a healthy lease is given away all the same: the kernel refuses, the interface is down, this node is set to standby, a
 * peer would serve better. Each policy names who gets the group; whether this node may take one is willing.ts.
 */
import { after, type Instant } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'
import type { LeaseInput } from './events.ts'
import { addressesStand, bookAddressed } from './kernel.ts'
import { bestPeer, reaches } from './peers.ts'
import { extendFence } from './renewing.ts'
import type { Seat } from './seat.ts'
import type { Station } from './station.ts'
import { stepDown } from './step-down.ts'
import { beginTransfer } from './transfer.ts'

/** Calls in a row without acknowledgement, and a ready peer gets the group. */
const MISSES = 2
/** How long a node whose kernel refused a call leaves a group to others. */
const UNFIT_MS = 2000
/** How often an owner that is set to standby looks for a ready peer. */
const STANDBY_RETRY_MS = 1000
/** For so long a peer must be better off: what is repaired meanwhile moves nothing. */
export const BETTER_FOR_MS = 3000
/** A peer that looks better but refuses, or cannot keep the group, is tried less and less often. */
const LONGEST_BETTER_FOR_MS = 300_000
/** After so many times its length the last move is forgotten. */
const REMEMBERED = 8

/** The kernel answered a renewal of the fence. */
export function onRenewed(
  station: Station,
  view: LeaseView,
  seat: Seat,
  answer: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (seat.phase !== 'holding') return
  if (answer.result === 'done') seat.misses = 0
  else fenceMissed(station, view, seat, answer.error)
}

/**
 * Policy for a kernel that did not acknowledge. A renewal is tried once more; the second time a ready peer gets the group, and
 * where there is none, or an opening failed, everything is closed and opened once more under the same lease.
 */
export function fenceMissed(station: Station, view: LeaseView, seat: Seat, error: string): void {
  seat.misses += 1
  const { misses, phase } = seat
  if (phase === 'holding' && misses === 1 && extendFence(station, view, seat)) return
  const reason = `the kernel refused to ${phase === 'taking' ? 'open' : 'renew'} the fence${error ? `: ${error}` : ''}`
  const peer = bestPeer(station, view, seat.group)
  if (misses < MISSES || (misses === MISSES && peer === null))
    stepDown(station, seat, `${reason}; closing it and opening again`, { event: 'note', reopen: true })
  else kernelFails(station, seat, `${reason}, ${misses} times in a row`, peer)
}

/** Policy for addresses that cannot be added: an owner without them is none, and a peer may be able to have them. */
export function onAddressed(
  station: Station,
  view: LeaseView,
  seat: Seat,
  input: Extract<LeaseInput, { kind: 'addressed' }>,
): void {
  bookAddressed(seat, input)
  if (input.op === 'remove' || input.ok || seat.phase !== 'holding' || addressesStand(seat)) return
  const reason = `the addresses of ${seat.group.name} cannot be added: ${input.error}`
  kernelFails(station, seat, reason, bestPeer(station, view, seat.group))
}

/** This node's kernel is the reason: others go first for a while. */
function kernelFails(station: Station, seat: Seat, reason: string, successor: string | null): void {
  seat.unfitUntil = after(station.now, UNFIT_MS)
  seat.misses = 0
  stepDown(station, seat, reason, { event: 'gave-up', successor })
}

/** The policies of an owner, in the order of their urgency. */
export function tendPolicy(station: Station, view: LeaseView, seat: Seat): void {
  tendInterface(station, view, seat)
  if (seat.phase === 'holding') tendBetter(station, view, seat)
  if (seat.phase === 'holding') tendStandby(station, view, seat)
}

/** When a policy may have something to do, if nothing happens before. */
export function nextPolicy(station: Station, seat: Seat): Instant[] {
  return [
    ...(station.standby && !seat.transfer ? [seat.standbyAt] : []),
    ...(seat.betterSince === null ? [] : [after(seat.betterSince, betterForMs(seat))]),
  ]
}

/**
 * Policy for an interface that is down (VRRP: FAULT), by the agent's word. Without drain or delay: what reached this node no
 * more cannot be disturbed. Where nobody is ready, it keeps the group, since it may recover.
 */
function tendInterface(station: Station, view: LeaseView, seat: Seat): void {
  if (station.now >= seat.cutOffUntil) return
  const successor = bestPeer(station, view, seat.group)
  if (successor !== null) stepDown(station, seat, seat.says.reason, { event: 'gave-up', successor })
}

/** Policy for standby: a ready peer gets the group by a planned move; where there is none, this node keeps it. */
function tendStandby(station: Station, view: LeaseView, seat: Seat): void {
  if (!station.standby || seat.transfer || station.now < seat.standbyAt) return
  seat.standbyAt = after(station.now, STANDBY_RETRY_MS)
  if (bestPeer(station, view, seat.group) === null) return
  beginTransfer(station, view, seat, null, `${station.node} is set to standby`)
}

/** A ready peer that would serve the group better gets it, as in any planned move: nothing changes before it is willing. */
function tendBetter(station: Station, view: LeaseView, seat: Seat): void {
  const better = station.standby || seat.transfer ? null : betterPeer(station, view, seat)
  if (better === null) {
    seat.betterSince = null
    return
  }
  seat.betterSince ??= station.now
  const forMs = betterForMs(seat)
  if (station.now < after(seat.betterSince, forMs)) return
  seat.betterSince = null
  seat.betterMove = { at: station.now, forMs }
  beginTransfer(station, view, seat, better.node, better.why)
}

function betterForMs(seat: Seat): number {
  const { betterMove } = seat
  if (!betterMove || seat.betterSince === null) return BETTER_FOR_MS
  const { at, forMs } = betterMove
  if (seat.betterSince >= after(at, REMEMBERED * forMs)) return BETTER_FOR_MS
  return Math.min(2 * forMs, LONGEST_BETTER_FOR_MS)
}

interface Better {
  readonly node: string
  readonly why: string
}
/**
 * A ready peer that would serve the group better than this node, by what the agents said last; null when there is none. An
 * agent that is silent says nothing against its node: it may be restarted at any time.
 */
function betterPeer(station: Station, view: LeaseView, { group, says }: Seat): Better | null {
  if (station.now >= says.until) return null
  const node = bestPeer(station, view, group)
  if (node === null) return null
  if (!says.ready) return { node, why: `${station.node} cannot serve it: ${says.reason}` }
  const theirs = reaches(station, node, group.name)
  return theirs > says.reaches
    ? { node, why: `${station.node} reaches ${says.reaches} ping nodes, ${node} reaches ${theirs}` }
    : null
}
