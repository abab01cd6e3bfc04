/** RELEASE of an ended lease: sent once everything is off, and repeated twice, because the network may lose it. */
import { type LeaseView } from '@lvsm/protocol'
import { after, type Instant } from '@lvsm/base'
import { claimOf } from './peers.ts'
import { sendRelease } from './send.ts'
import type { GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'

/** Part of a keepalive until a repeat: by then a successor's heartbeat has come. */
const REPEAT = 3 / 4
/** Longest time until a repeat, because a process that stops waits for them. */
const LONGEST_REPEAT_MS = 250

/** Sends the RELEASE, and notes its repeats. */
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
  // The successor holds the lease, so the voters have heard the RELEASE.
  if (pendingRelease.successor !== null && claimOf(state, pendingRelease.successor, instance.group.name)?.holds) {
    instance.pendingRelease = null
    return
  }
  pendingRelease.repeatAt = pendingRelease.repeatAt.slice(1)
  sendRelease(state, view, instance, pendingRelease.upTo, pendingRelease.successor, 'all')
  if (pendingRelease.repeatAt.length === 0) instance.pendingRelease = null
}

export const nextRelease = (instance: GroupState): Instant | null => instance.pendingRelease?.repeatAt[0] ?? null
