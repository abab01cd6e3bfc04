/**
 * Renewals of an owner: lease and fence. The fence is extended after each extension of the lease, and once more with what is
 * left of the lease when no extension came. The next REQUEST leaves only after the kernel acknowledged the last extension of
 * the fence (packages/lease/PROTOCOL.md 4.4).
 */
import { type LeaseView, type Request, type Spread } from '@lvsm/protocol'
import { after, fenceMs, type Instant, later, renewalMs, ROUNDING_MS } from '@lvsm/base'
import { isNext, votersOf } from '@lvsm/lease'
import { noteRenewal, standstillText, stoodStillMs } from './delays.ts'
import { BOTH, renewFence } from './kernel-calls.ts'
import { about, send } from './send.ts'
import { enoughMs, fenceCalls, paceOf, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { stepDown } from './step-down.ts'

/** Least gain for which the fence is extended. */
const WORTH_MS = 10

/** Sends a REQUEST, a candidate's first or a renewal, and notes it with the clock before it leaves. */
export function requestLease(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  number: number,
  spread: Spread,
): void {
  const voters = votersOf(view)
  const sequence = state.sequence + 1
  const { leaseMs } = view.timing
  instance.holder.asked({ sequence, sent: state.now, epoch: view.epoch, number, leaseMs, voters })
  const message: Request = { kind: 'request', ...about(view, instance.group), leaseMs, number }
  send(state, voters, message, spread)
}

/** Renews under a higher lease number, which a restarted or a new voter demands: above all that it may have granted before. */
export function raiseNumber(state: LeaseState, view: LeaseView, instance: GroupState, highWater: number): void {
  const highest = Math.max(instance.holder.number, state.rules.numbersFrom(view.epoch))
  if (instance.holder.believes(state.now) && isNext(highWater + 1, highest))
    instance.raisedNumber = Math.max(instance.raisedNumber, highWater + 1)
}

/** When the next REQUEST is due; sooner while the last one has no majority. */
function leaseDue(view: LeaseView, instance: GroupState): Instant | null {
  const { newest, answered } = instance.holder
  if (!newest || fenceCalls(instance) > 0) return null
  const pace = paceOf(view.timing, instance)
  return after(newest.sent, answered ? renewalMs(pace) : pace.keepaliveMs / 3)
}

/**
 * From when on an extension of the fence gains enough. Null when it never will: within two roundings of its latest end the
 * element may have expired, and the call would fail.
 */
function worthFrom(state: LeaseState, view: LeaseView, instance: GroupState): Instant | null {
  const { latest } = instance.announce
  const last = after(latest, -2 * ROUNDING_MS)
  const from = after(
    latest,
    WORTH_MS - Math.min(instance.holder.deadline - latest, fenceMs(paceOf(view.timing, instance))),
  )
  return from <= last && state.now <= last ? from : null
}

/** When the fence is extended with what is left of the lease, no new extension having come; null when nothing is left. */
function fenceDue(state: LeaseState, view: LeaseView, instance: GroupState): Instant | null {
  const from = fenceCalls(instance) > 0 ? null : worthFrom(state, view, instance)
  return from === null ? null : later(from, after(instance.announce.latest, -paceOf(view.timing, instance).applyMs))
}

/** Timeout of an extension; null where it would gain too little. */
function worthwhileMs(state: LeaseState, view: LeaseView, instance: GroupState): number | null {
  const from = worthFrom(state, view, instance)
  if (from === null || state.now < from) return null
  return instance.announce.renewalMs(state.now, instance.holder.deadline, fenceMs(paceOf(view.timing, instance)))
}

/** Extends the fence within the lease; false where that is too late, or would gain too little. */
export function extendFence(state: LeaseState, view: LeaseView, instance: GroupState): boolean {
  const timeoutMs = worthwhileMs(state, view, instance)
  if (timeoutMs === null) return false
  renewFence(state, instance, BOTH, timeoutMs, instance.holder.deadline)
  return true
}

/** A majority extended the lease: extend the fence too, unless that was done less than half a keepalive ago. */
export function onExtended(state: LeaseState, view: LeaseView, instance: GroupState): void {
  noteRenewal(state, view, instance)
  const pace = paceOf(view.timing, instance)
  const ageMs = fenceMs(pace) - (instance.announce.latest - state.now)
  if (ageMs >= pace.keepaliveMs / 2) extendFence(state, view, instance)
}

export function tickRenewals(state: LeaseState, view: LeaseView, instance: GroupState): void {
  if (!instance.announce.isOpen(state.now)) {
    fenceRanOut(state, view, instance)
    return
  }
  const fence = fenceDue(state, view, instance)
  if (fence !== null && fence <= state.now) extendFence(state, view, instance)
  const lease = leaseDue(view, instance)
  if (lease !== null && lease <= state.now)
    requestLease(
      state,
      view,
      instance,
      Math.max(instance.holder.number, instance.raisedNumber),
      instance.holder.answered ? 'one' : 'all',
    )
}

/** The fence ran out: reopen if the lease is still good (this process was held up), else step down. */
function fenceRanOut(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const reopen = instance.holder.deadline - state.now >= enoughMs(view.timing, instance)
  const reason = 'the fence ran out before it was renewed; closing it and opening again'
  if (reopen) stepDown(state, instance, reason, { event: 'note', reopen })
  else leaseRanOut(state, view, instance)
}

/** Steps down from a group whose lease no majority renewed. */
export function leaseRanOut(state: LeaseState, view: LeaseView | null, instance: GroupState): void {
  const reason = `no majority renewed lease ${instance.holder.number} of ${instance.group.name} in time`
  stepDown(state, instance, `${reason}${whyNot(state, view, instance)}`, { event: 'lost' })
}

/** What this node knows of why: it could not ask or listen itself for too long, or voters that did not grant. */
function whyNot(state: LeaseState, view: LeaseView | null, instance: GroupState): string {
  const { holder, extendedAt } = instance
  const still = standstillText(stoodStillMs(state, extendedAt), view && paceOf(view.timing, instance))
  if (still.isEnough) return `: ${still.text}`
  const missing = extendedAt === null ? [] : holder.withheld(extendedAt)
  if (missing.length > 0)
    return `: without the votes of ${missing.join(', ')}${still.text === '' ? '' : ` (${still.text})`}`
  return still.text === '' ? '' : `: why is not known (${still.text})`
}

export function nextRenewal(state: LeaseState, view: LeaseView, instance: GroupState): Instant {
  const times = [
    leaseDue(view, instance),
    fenceDue(state, view, instance),
    instance.announce.latest,
    instance.holder.deadline,
  ]
  return Math.min(...times.filter((time) => time !== null)) as Instant
}
