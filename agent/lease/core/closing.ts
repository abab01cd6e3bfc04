/** The phase `closing`: calls are repeated until everything is off, then RELEASE, or the same lease again. */
import { after } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'
import { BOTH, closeFence, removeAddresses } from './kernel.ts'
import { applyChange } from './membership.ts'
import { enter } from './phases.ts'
import { startRelease } from './release.ts'
import { enoughMs, isSilent, type Seat } from './seat.ts'
import type { Station } from './station.ts'
import { stepDown } from './step-down.ts'

/**
 * Called after each answer of the kernel, and at the retry time. Where the lease is kept, all is closed and the group waits to
 * be taken again; what follows is the tick's to do.
 */
export function tendClosing(station: Station, view: LeaseView, seat: Seat): void {
  const idle = seat.announce.out + seat.serve.out + seat.addressCalls === 0
  if (!idle) return
  if (!isSilent(seat, station.now)) {
    if (station.now < seat.retryAt) return
    seat.retryAt = after(station.now, view.timing.keepaliveMs / 3)
    closeFence(station, seat, BOTH)
    removeAddresses(station, seat)
    return
  }
  const { deadline, number } = seat.holder
  const again = seat.reopen && seat.change === null && deadline - station.now >= enoughMs(view.timing, seat)
  if (seat.reopen && !again) {
    const reason = `too little was left of lease ${number} of ${seat.group.name} to open again`
    stepDown(station, seat, reason, { event: 'lost' })
  }
  enter(seat, 'watching')
  if (again) return
  startRelease(station, view, seat)
  seat.candidate.pollSoon()
  applyChange(station, seat)
}
