/** Phase `closing`: calls are repeated until everything is off; then RELEASE, or open again under the lease that was kept. */
import { type LeaseView } from '@lvsm/protocol'
import { after } from '@lvsm/base'
import { BOTH, closeFence, removeAddresses } from './kernel-calls.ts'
import { applyChange } from './membership.ts'
import { enter } from './phases.ts'
import { startRelease } from './release.ts'
import { enoughMs, isAllOff, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { stepDown } from './step-down.ts'

/** Leaves the phase only when the kernel acknowledged everything. With `reopen` the tick goes on to `acquiring` at once. */
export function tickClosing(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const idle = instance.announce.out + instance.serve.out + instance.addressCalls === 0
  if (!idle) return
  if (!isAllOff(instance, state.now)) {
    if (state.now < instance.retryAt) return
    instance.retryAt = after(state.now, view.timing.keepaliveMs / 3)
    closeFence(state, instance, BOTH)
    removeAddresses(state, instance)
    return
  }
  const { deadline, number } = instance.holder
  const again = instance.reopen && instance.change === null && deadline - state.now >= enoughMs(view.timing, instance)
  if (instance.reopen && !again) {
    const reason = `too little was left of lease ${number} of ${instance.group.name} to open again`
    stepDown(state, instance, reason, { event: 'lost' })
  }
  enter(instance, 'backup')
  if (again) return
  startRelease(state, view, instance)
  instance.candidate.pollSoon()
  applyChange(state, instance)
}
