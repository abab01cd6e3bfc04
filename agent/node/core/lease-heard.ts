/** What becomes of what the lease process says: that it is there, or gone, and what happened to a group. */
import { earlier, type Instant, instant } from '@lvsm/base'
import type { LeaseEvent } from '@lvsm/protocol'
import type { NodeInput } from './events.ts'
import { noteTaking } from './history/owner-changes.ts'
import { note } from './history/history.ts'
import { noteLeaseEvent } from './history/lease-numbers.ts'
import { knowNumber } from './history/ring.ts'
import { recordLeaseEvent } from './history/recording.ts'
import { leaseDown, leaseUp } from './lease.ts'
import { moveRefused } from './move/owner.ts'
import { LOOK_IN, lookWithin } from './observe/look.ts'
import { forgetPublished, publishSoon } from './publish/publish.ts'
import { log, type NodeState } from './state.ts'

export function onLeaseUp(state: NodeState, { incarnation, events }: Extract<NodeInput, { kind: 'lease-up' }>): void {
  if (incarnation !== undefined && events !== undefined) askAgain(state, incarnation, events)
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
  const { told } = state.history
  if (told && event.serial !== undefined) state.history.told = { ...told, serial: Math.max(told.serial, event.serial) }
  if (event.again === true) return onToldAgain(state, event)
  noteLeaseEvent(state, event)
  noteTaking(state, event)
  note(state, event, happenedAt(state, event))
  recordLeaseEvent(state, event)
  publishSoon(state)
  if (event.kind !== 'note') lookWithin(state, LOOK_IN.movedMs)
  if (event.kind === 'refused') moveRefused(state, event.group, event.reason)
}

/** It is history: nothing follows from it any more, and who held the numbers between others know. */
function onToldAgain(state: NodeState, event: LeaseEvent): void {
  if (event.kind === 'took') knowNumber(state.history, event.group, event.number)
  note(state, event, happenedAt(state, event))
  publishSoon(state)
}

/** By its clock, which is this process's own. */
const happenedAt = ({ now }: NodeState, { at }: LeaseEvent): Instant => earlier(instant(at), now)

/** What came while this process was away is told again: once. */
function askAgain({ history, effects }: NodeState, incarnation: string, events: number): void {
  const { told } = history
  history.told = { incarnation, serial: told?.incarnation === incarnation ? told.serial : told ? 0 : events }
  if (told) effects.push({ kind: 'told', ...told })
}
