/** The RELEASE of a lease that has ended here: sent once everything is off, and repeated twice. */
import { after, type Instant } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'
import { claimOf } from './peers.ts'
import { sendRelease } from './send.ts'
import type { GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'

/** Of a keepalive: where it is under a third of a second, a successor's beat has come by then. */
const REPEAT = 3 / 4
/** A stop waits for the repeats of its RELEASE. */
const LONGEST_REPEAT_MS = 250

/** Sends the RELEASE now, and twice more soon after, because the network may lose it. */
export function startRelease(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const { pendingRelease } = instance
  if (!pendingRelease) return
  sendRelease(state, view, instance, pendingRelease.upTo, pendingRelease.successor, 'one')
  const { keepaliveMs } = view.timing
  const soonMs = Math.min(REPEAT * keepaliveMs, LONGEST_REPEAT_MS)
  pendingRelease.repeatAt = [after(state.now, soonMs), after(state.now, 2 * soonMs)]
}

export function tickRelease(state: LeaseState, view: LeaseView, instance: GroupState): void {
  const { pendingRelease } = instance
  const [due] = pendingRelease?.repeatAt ?? []
  if (!pendingRelease || due === undefined || due > state.now) return
  // The successor holds: the voters have heard it.
  if (pendingRelease.successor !== null && claimOf(state, pendingRelease.successor, instance.group.name)?.holds) {
    instance.pendingRelease = null
    return
  }
  pendingRelease.repeatAt = pendingRelease.repeatAt.slice(1)
  sendRelease(state, view, instance, pendingRelease.upTo, pendingRelease.successor, 'all')
  if (pendingRelease.repeatAt.length === 0) instance.pendingRelease = null
}

export const nextRelease = (instance: GroupState): Instant | null => instance.pendingRelease?.repeatAt[0] ?? null
