/** What is due now, and when something will be due next. */
import { earlier, type Instant } from '@lvsm/base'
import { latestOf, type LeaseView } from '@lvsm/lease'
import { nextAnnouncement, tickAnnouncements } from './announcing.ts'
import { nextHeartbeat } from './heartbeats.ts'
import { nextCandidacy, tickCandidate } from './candidate.ts'
import { tickClosing } from './closing.ts'
import { tickFenceTables } from './fence-tables.ts'
import { nextDurable, tickDurable } from './durable.ts'
import { rankChangesAt } from './peers.ts'
import { addAddresses } from './kernel-calls.ts'
import { nextPolicy, tickPolicy } from './policy.ts'
import { tickHeartbeats } from './send.ts'
import { nextRelease, tickRelease } from './release.ts'
import { leaseRanOut, nextRenewal, tickRenewals } from './renew.ts'
import { isLeaseValid, isFaultOver, needsLease, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { acquireAgain } from './acquire.ts'
import { tickWaiting } from './voter.ts'
import { nextTransfer, tickDraining, tickHandingOver, tickTransfer } from './transfer.ts'

const NEVER = Number.POSITIVE_INFINITY as Instant

/** Before anything else in a step: whatever happened meanwhile, nobody acts on a lease that has run out. */
export function expire(state: LeaseState): void {
  for (const instance of state.instances.values())
    if (needsLease(instance) && !isLeaseValid(instance, state.now)) leaseRanOut(state, instance)
}

/** Of the groups only those that something happened to, or that are due, are looked at. */
export function tick(state: LeaseState, view: LeaseView): void {
  tickWaiting(state, view)
  tickHeartbeats(state, view)
  for (const instance of [...state.instances.values()]) {
    if (!instance.touched && state.now < instance.dueAt) continue
    instance.touched = false
    tickGroup(state, view, instance)
    instance.dueAt = Math.min(...dueTimes(state, view, instance).filter((at) => at !== null)) as Instant
  }
  tickFenceTables(state, view)
  tickStop(state)
  tickDurable(state)
}

function tickGroup(state: LeaseState, view: LeaseView, instance: GroupState): void {
  tickRelease(state, view, instance)
  if (instance.phase === 'handingOver') tickHandingOver(state, view, instance)
  if (instance.phase === 'active') tickActive(state, view, instance)
  if (instance.phase === 'draining') tickDraining(state, instance)
  if (instance.phase === 'closing') tickClosing(state, view, instance)
  if (instance.phase === 'backup' && instance.reopen) acquireAgain(state, view, instance)
  if (instance.phase === 'backup') tickCandidate(state, view, instance)
}

function tickActive(state: LeaseState, view: LeaseView, instance: GroupState): void {
  tickRenewals(state, view, instance)
  if (instance.phase !== 'active') return
  tickAnnouncements(state, instance)
  if (state.now >= instance.refreshAt) addAddresses(state, instance)
  tickTransfer(state, view, instance)
  tickPolicy(state, view, instance)
}

/** Stopped means that everything is off for certain; how long a stubborn kernel is waited for is the process's choice. */
function tickStop(state: LeaseState): void {
  if (!state.stopping || state.stopped) return
  const quiet = [...state.instances.values()].every(
    (instance) => instance.phase === 'backup' && !instance.candidate.asking && !instance.pendingRelease,
  )
  if (!quiet) return
  state.stopped = true
  state.effects.push({ kind: 'stopped' })
}

/** The earliest instant at which something will be due. */
export function nextDue(state: LeaseState, view: LeaseView): Instant {
  let next = earlier(nextHeartbeat(state, view), nextDurable(state))
  for (const { until } of state.waitingRequests) next = earlier(next, until)
  for (const { dueAt, touched } of state.instances.values()) next = touched ? state.now : earlier(next, dueAt)
  return next
}

function dueTimes(state: LeaseState, view: LeaseView, instance: GroupState): (Instant | null)[] {
  const times: (Instant | null)[] = [nextRelease(instance)]
  if (instance.phase === 'backup')
    times.push(
      nextCandidacy(state, view, instance),
      rankChangesAt(state, view, instance),
      isFaultOver(instance, state.now) ? null : instance.faultUntil,
      state.now < state.votersNewUntil ? state.votersNewUntil : null,
    )
  if (instance.phase === 'acquiring' || instance.phase === 'handingOver') times.push(instance.holder.deadline)
  if (instance.phase === 'draining') times.push(instance.serve.latest)
  if (instance.phase === 'closing')
    times.push(callsOut(instance) ? NEVER : earlier(instance.retryAt, closedAt(instance)))
  if (instance.phase === 'active') {
    times.push(
      instance.refreshAt,
      nextRenewal(state, view, instance),
      nextAnnouncement(instance),
      nextTransfer(view, instance),
    )
    times.push(...nextPolicy(state, instance))
  }
  return times
}

/** When the kernel has closed by itself what it did not close when told to. */
const closedAt = (instance: GroupState): Instant =>
  instance.addressOff ? latestOf([instance.announce, instance.serve]) : NEVER
const callsOut = (instance: GroupState): boolean =>
  instance.announce.out + instance.serve.out + instance.addressCalls > 0
