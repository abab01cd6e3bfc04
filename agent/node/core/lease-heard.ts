/** What becomes of what the lease process says: that it is there, or gone, and what happened to a group. */
import { between, type Instant, instant } from '@lvsm/base'
import type { LeaseEvent } from '@lvsm/protocol'
import { noteTaking } from './history/owner-changes.ts'
import { note } from './history/history.ts'
import { isKnown } from './history/known.ts'
import { noteLeaseEvent } from './history/lease-numbers.ts'
import { recordLeaseEvent } from './history/recording.ts'
import { leaseDown, leaseUp } from './lease.ts'
import { moveRefused } from './move/owner.ts'
import { LOOK_IN, lookWithin } from './observe/look.ts'
import { forgetPublished, publishSoon } from './publish/publish.ts'
import { log, type NodeState } from './state.ts'

/** It tells at once; what is older has another clock. Milliseconds. */
const OLDEST_MS = 60_000

export function onLeaseUp(state: NodeState): void {
  leaseUp(state, state.now)
  forgetPublished(state)
  log(state, 'connected to the lease process')
  lookWithin(state)
}

export function onLeaseDown(state: NodeState, reason: string): void {
  if (leaseDown(state, reason)) log(state, `lost the lease process: ${reason}`)
  forgetPublished(state)
}

export function onLeaseEvent(state: NodeState, event: LeaseEvent): void {
  if (event.again === true) return onToldAgain(state, event)
  noteLeaseEvent(state, event)
  noteTaking(state, event)
  note(state, event, happenedAt(state, instant(event.at)))
  recordLeaseEvent(state, event)
  publishSoon(state)
  if (event.kind !== 'note') lookWithin(state, LOOK_IN.movedMs)
  if (event.kind === 'refused') moveRefused(state, event.group, event.reason)
}

/** This process was away when it happened, or stood still; most of what is told again it knows, or has forgotten. */
function onToldAgain(state: NodeState, event: LeaseEvent): void {
  const at = instant(event.at)
  if (between(at, state.now) < 0 || isKnown(state, event, at)) return
  noteLeaseEvent(state, event)
  note(state, event, at)
  publishSoon(state)
}

/** By its clock, which is this process's own. */
function happenedAt({ now }: NodeState, at: Instant): Instant {
  const agoMs = between(at, now)
  return agoMs >= 0 && agoMs <= OLDEST_MS ? at : now
}
