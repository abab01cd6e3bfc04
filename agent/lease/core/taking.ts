/**
 * From the won lease to the owner: fence open for one keepalive → acknowledged, clock read again → extended →
 * addresses on → announced (FENCE.md, section 3).
 */
import type { LeaseView } from '@lvsm/lease'
import { fenceMs } from '@lvsm/base'
import { startBurst } from './announcing.ts'
import { beatSoon } from './beats.ts'
import type { LeaseInput } from './events.ts'
import { addAddresses, BOTH, openFence, renewFence } from './kernel.ts'
import { enter } from './phases.ts'
import { fenceMissed } from './policy.ts'
import { fenceCalls, paceOf, type Seat } from './seat.ts'
import { type Station, tell } from './station.ts'
import { stepDown } from './step-down.ts'

/** The lease is ours, and everything is off: begin. */
export function take(station: Station, view: LeaseView, seat: Seat): void {
  enter(seat, 'taking')
  seat.farewell = null
  openFence(station, seat, paceOf(view.timing, seat).keepaliveMs)
}

/** Everything was closed, and enough is left of the lease that was kept: begin again under it. */
export function takeAgain(station: Station, view: LeaseView, seat: Seat): void {
  seat.reopen = false
  take(station, view, seat)
}

/** The kernel answered `open`: extend with a new look at the clock, then the addresses. */
export function onOpened(
  station: Station,
  view: LeaseView,
  seat: Seat,
  answer: Extract<LeaseInput, { kind: 'fenced' }>,
): void {
  if (seat.phase !== 'taking' || fenceCalls(seat) > 0) return
  if (answer.result !== 'done') {
    fenceMissed(station, view, seat, answer.error)
    return
  }
  const { deadline } = seat.holder
  const timeoutMs = seat.announce.renewalMs(station.now, deadline, fenceMs(paceOf(view.timing, seat)))
  if (timeoutMs === null) {
    const reason = 'the kernel opened the fence too late; closing it and trying again'
    stepDown(station, seat, reason, { event: 'note', reopen: true })
    return
  }
  renewFence(station, seat, BOTH, timeoutMs, deadline)
  enter(seat, 'holding')
  seat.standbyAt = station.now
  addAddresses(station, seat)
  startBurst(station, seat)
  tell(
    station,
    seat.group.name,
    'took',
    seat.holder.number,
    `${station.node} holds ${seat.group.name} by lease ${seat.holder.number}`,
  )
  beatSoon(station)
}
