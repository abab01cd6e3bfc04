/**
 * Phase `acquiring`, from the won lease to the owner: fence open for one keepalive → acknowledged, clock read again → extended →
 * addresses on → announced (FENCE.md, section 3).
 */
import { type LeaseView } from '@lvsm/protocol'
import { after, fenceMs } from '@lvsm/base'
import { startBurst } from './announcing.ts'
import { heartbeatSoon } from './heartbeats.ts'
import type { LeaseInput } from './events.ts'
import { addAddresses, BOTH, openFence, renewFence } from './kernel-calls.ts'
import { enter } from './phases.ts'
import { onFenceRefused } from './policy.ts'
import { fenceCalls, paceOf, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { stepDown } from './step-down.ts'
import { takenText } from './taken-text.ts'

/** Opens the fence under a valid lease; everything is off. */
export function acquire(state: LeaseState, view: LeaseView, instance: GroupState): void {
  enter(instance, 'acquiring')
  instance.pendingRelease = null
  instance.extendedAt = state.now
  openFence(state, instance, paceOf(view.timing, instance).keepaliveMs)
}

/** Opens the fence again under the lease that was kept. */
export function acquireAgain(state: LeaseState, view: LeaseView, instance: GroupState): void {
  instance.reopen = false
  acquire(state, view, instance)
}

/** The kernel answered `open`: extend the fence by a new reading of the clock, then add the addresses. */
export function onOpened(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  answer: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (instance.phase !== 'acquiring' || fenceCalls(instance) > 0) return
  if (answer.result !== 'done') {
    onFenceRefused(state, view, instance, answer.error)
    return
  }
  const { deadline } = instance.holder
  const timeoutMs = instance.announce.renewalMs(state.now, deadline, fenceMs(paceOf(view.timing, instance)))
  if (timeoutMs === null) {
    const reason = 'the kernel opened the fence too late; closing it and trying again'
    stepDown(state, instance, reason, { event: 'note', reopen: true })
    return
  }
  renewFence(state, instance, BOTH, timeoutMs, deadline)
  enter(instance, 'active')
  instance.standbyAt = state.now
  addAddresses(state, instance)
  startBurst(state, instance)
  tellTaken(state, instance)
  heartbeatSoon(state)
}

/** An offer that this node was willing to take is followed by the lease well within this. Milliseconds. */
const OFFERED_MS = 10_000

function tellTaken(state: LeaseState, instance: GroupState): void {
  const { group, holder, offeredAt } = instance
  const { number } = holder
  const isPlanned = state.now < after(offeredAt, OFFERED_MS)
  const reason = takenText(state, instance, isPlanned)
  instance.toldNumber = number
  const planned = isPlanned ? { planned: true } : {}
  const event = { at: state.now, group: group.name, kind: 'took', number, reason, ...planned } as const
  state.effects.push({ kind: 'event', event })
}
