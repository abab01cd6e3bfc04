/** Timers: `tick` does what is due now, `nextDue` says when to wake up next. */
import { type LeaseView } from '@lvsm/protocol'
import { earlier, type Instant } from '@lvsm/base'
import { latestOf } from '@lvsm/lease'
import { nextAnnouncement, tickAnnouncements } from './announcing.ts'
import { nextHeartbeat } from './heartbeats.ts'
import { nextCandidacy, tickCandidate } from './candidate.ts'
import { tickClosing } from './closing.ts'
import { tickFenceTables } from './fence-tables.ts'
import { nextTurn, tickEpochs } from './succession.ts'
import { nextDurable, tickDurable } from './durable.ts'
import { rankChangesAt } from './peers.ts'
import { addAddresses } from './kernel-calls.ts'
import { nextPolicy, tickPolicy } from './policy.ts'
import { nextRelay, tickRelays } from './relays.ts'
import { tickHeartbeats } from './send.ts'
import { nextRelease, tickRelease } from './release.ts'
import { leaseRanOut, nextRenewal, tickRenewals } from './renew.ts'
import { isLeaseValid, isFaultOver, needsLease, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { acquireAgain } from './acquire.ts'
import { tickWaiting } from './voter.ts'
import { nextTransfer, tickDraining, tickHandingOver, tickTransfer } from './transfer.ts'

const NEVER = Number.POSITIVE_INFINITY as Instant

/** Steps down from every group whose lease has run out. First in each step, so that nothing acts under an expired lease. */
export function expire(state: LeaseState): void {
  for (const instance of state.instances.values())
    if (needsLease(instance) && !isLeaseValid(instance, state.now)) leaseRanOut(state, state.view, instance)
}

/** Ticks the groups that are touched or due; with hundreds of groups the others cost nothing. */
export function tick(state: LeaseState, view: LeaseView): void {
  tickWaiting(state, view)
  tickEpochs(state)
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
  // Last: what the leases need goes before it.
  tickRelays(state)
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

/** Reports `stopped` once all groups are closed and their RELEASEs sent. The process decides how long it waits for that. */
function tickStop(state: LeaseState): void {
  if (!state.stopping || state.stopped) return
  const quiet = [...state.instances.values()].every(
    (instance) => instance.phase === 'backup' && !instance.candidate.asking && !instance.pendingRelease,
  )
  if (!quiet) return
  state.stopped = true
  state.effects.push({ kind: 'stopped' })
}

/** The earliest timer of all. */
export function nextDue(state: LeaseState, view: LeaseView): Instant {
  let next = earlier(nextHeartbeat(state, view), nextDurable(state))
  next = earlier(next, nextRelay(state) ?? NEVER)
  next = earlier(next, nextTurn(state))
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

/** When the elements' own timeouts have closed what a failed call did not. */
const closedAt = (instance: GroupState): Instant =>
  instance.addressOff ? latestOf([instance.announce, instance.serve]) : NEVER
const callsOut = (instance: GroupState): boolean =>
  instance.announce.out + instance.serve.out + instance.addressCalls > 0
