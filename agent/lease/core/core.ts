/**
 * Lease process as a pure state machine: `step(input, now) → effects`.
 *
 * Laws: the same inputs give the same effects; `now` is read after the input arrived and before any effect is carried
 * out, and never goes back; effects are carried out in their order; each fence and address effect is answered by
 * exactly one `fenced` or `addressed` input, in the same order.
 */
import { faultText, type LeaseGroup, type LeaseStatus, type LeaseView } from '@lvsm/protocol'
import { after, type Instant, invariant, later, NEVER_BEFORE } from '@lvsm/base'
import type { Grant } from '@lvsm/lease'
import { expire, nextDue, tick } from './timers.ts'
import { defend, isNewsOf, noteRival } from './announcing.ts'
import { onDatagram, onMessage } from './receive.ts'
import { heartbeatSoon } from './heartbeats.ts'
import { nextDurable, onPersisted, tickDurable } from './durable.ts'
import { type LeaseEffect, type LeaseInput, READY_FOR_MS } from './events.ts'
import { noteStandstill, noteWake } from './delays.ts'
import { checkTables, onCarried } from './fence-tables.ts'
import { onFenceAnswer } from './kernel-calls.ts'
import { putBack } from './put-back.ts'
import { isTurnOf, onView, tickEpochs } from './succession.ts'
import { bestPeer } from './peers.ts'
import { onAddressed, onRenewed } from './policy.ts'
import { onRelay } from './relays.ts'
import { isReady, type GroupState } from './group-state.ts'
import {
  emitEvent,
  heartbeatNow,
  type LeaseCoreOptions,
  type LeaseState,
  newLeaseState,
  report,
  touchAll,
} from './state.ts'
import { statusOf } from './status.ts'
import { stepDown } from './step-down.ts'
import { onOpened } from './acquire.ts'
import { startTransfer } from './transfer.ts'

export interface LeaseCore {
  step(input: LeaseInput, now: Instant): LeaseEffect[]
  status(now: Instant): LeaseStatus
  /** Whether `step` would act on this view at once; else it keeps it until its turn, or refuses it. */
  takes(view: LeaseView, now: Instant): boolean
  /** That it acts on; for observers. */
  view(): LeaseView | null
  /** The local lease of each group; for observers. */
  localLeases(): readonly LocalLease[]
  /** This node's grants as a voter, by address; for observers. */
  votes(): readonly (readonly [string, Grant | null])[]
}
export interface LocalLease {
  readonly group: LeaseGroup
  /** Valid before this instant. */
  readonly until: Instant
  /** The latest deadline that it ever had. */
  readonly furthest: Instant
}

/** Messages of a node to itself settle in a few rounds; more is a loop. */
const MOST_ROUNDS = 1000

export function createLeaseCore(options: LeaseCoreOptions): LeaseCore {
  const state = newLeaseState(options)
  return {
    step(input, now) {
      state.now = later(state.now, now)
      state.effects = []
      noteStandstill(state)
      expire(state)
      onInput(state, input)
      settle(state)
      return state.effects
    },
    status: (now) => look(state, now, () => statusOf(state)),
    takes: (view, now) => look(state, now, () => isTurnOf(state, view)),
    view: () => state.view,
    localLeases: () =>
      [...state.instances.values()].map(({ group, holder: { deadline, furthest } }) => ({
        group,
        until: deadline,
        furthest,
      })),
    votes: () => state.acceptor.votes(),
  }
}

/** Who looks changes nothing: what became due since the last step is for the next one. */
function look<T>(state: LeaseState, now: Instant, at: () => T): T {
  const { now: stepped } = state
  state.now = later(stepped, now)
  const seen = at()
  state.now = stepped
  return seen
}

/** Ticks and delivers local messages until nothing is due; then sets the timer. */
function settle(state: LeaseState): void {
  const { view } = state
  if (!view) return settleWithout(state)
  for (let round = 0; ; round++) {
    invariant(round < MOST_ROUNDS, 'a step settles')
    tick(state, view)
    const { local } = state
    state.local = []
    for (const { sequence, message } of local) {
      const { node, incarnation } = state
      onMessage(state, view, { node, incarnation, sequence, spread: 'one' }, message)
    }
    const next = nextDue(state, view)
    if (local.length > 0 || next <= state.now) continue
    return setTimer(state, next)
  }
}
/** Before the first view: nothing is done but to bring it to the disk. */
function settleWithout(state: LeaseState): void {
  if (!state.epochs.pending && !state.epochs.secured) return
  tickDurable(state)
  tickEpochs(state)
  setTimer(state, nextDurable(state))
}
function setTimer(state: LeaseState, next: Instant): void {
  if (state.wakeAt !== next) state.effects.push({ kind: 'wake', at: next })
  state.wakeAt = next
}

function onInput(state: LeaseState, input: LeaseInput): void {
  if (input.kind === 'view') return onView(state, input.view)
  if (input.kind === 'standby') return onStandby(state, input.on)
  if (input.kind === 'stop') return onStop(state, input.reason)
  if (input.kind === 'persisted') return onPersisted(state, input.ok, input.error)
  if (input.kind === 'trouble') return report(state, input.source, input.trouble)
  if (input.kind === 'agent') {
    state.agentless = faultText(input.fault)
    return heartbeatSoon(state)
  }
  const { view } = state
  if (input.kind === 'wake') {
    noteWake(state)
    state.wakeAt = NEVER_BEFORE
  }
  if (!view || input.kind === 'wake') return
  if (input.kind === 'datagram') return onDatagram(state, view, input.envelope)
  if (input.kind === 'relay') return onRelay(state, view, input.to, input.payload)
  if (input.kind === 'fence-lost') return checkTables(state, view, true)
  const instance = state.instances.get(input.group)
  if (instance) return onGroupInput(state, view, instance, input)
  if (input.kind === 'switchover')
    emitEvent(state, input.group, 'refused', 0, `${state.node} is no director of ${input.group}`)
}

type GroupInput = Exclude<
  LeaseInput,
  {
    kind: 'view' | 'standby' | 'stop' | 'persisted' | 'trouble' | 'agent' | 'wake' | 'datagram' | 'relay' | 'fence-lost'
  }
>

function onGroupInput(state: LeaseState, view: LeaseView, instance: GroupState, input: GroupInput): void {
  instance.touched = true
  switch (input.kind) {
    case 'ready':
      return onReady(state, instance, input)
    case 'fenced':
      onFenceAnswer(instance, input)
      if (input.op === 'open') onOpened(state, view, instance, input)
      else if (input.op === 'renew') onRenewed(state, view, instance, input)
      else if (input.op === 'carry') onCarried(state, view, instance, input)
      return
    case 'addressed':
      return onAddressed(state, view, instance, input)
    case 'address-lost':
      return putBack(state, instance, input.where ?? [])
    case 'conflict':
      noteRival(state, instance, input)
      if (!defend(state, instance) || !isNewsOf(state, instance, input.mac)) return
      return emitEvent(
        state,
        instance.group.name,
        'note',
        instance.holder.number,
        `${input.mac} announced our address; defended`,
      )
    case 'switchover':
      return startTransfer(state, view, instance, input.to, input.reason)
  }
}

function onReady(state: LeaseState, instance: GroupState, input: Extract<LeaseInput, { kind: 'ready' }>): void {
  const { ready, interfaceDown, reaches, blind = 0, dark = null, shut = null, reason } = input
  const { readiness } = instance
  const same = readiness.reaches === reaches && readiness.blind === blind
  const changed = isReady(instance, state.now) !== ready || !same
  const until = after(state.now, READY_FOR_MS)
  instance.readiness = { ready, reaches, blind, dark, shut, reason, until }
  instance.interfaceFaultUntil = interfaceDown ? until : NEVER_BEFORE
  if (!changed) return
  heartbeatSoon(state)
  if (ready) instance.candidate.pollSoon()
}

function onStandby(state: LeaseState, on: boolean): void {
  if (state.standby === on) return
  state.standby = on
  touchAll(state)
  for (const instance of state.instances.values()) instance.standbyAt = state.now
  heartbeatSoon(state)
}

function onStop(state: LeaseState, reason: string): void {
  if (state.stopping) return
  state.stopping = true
  touchAll(state)
  const { view } = state
  if (!view) {
    state.effects.push({ kind: 'stopped' })
    return
  }
  // No drain: this node would answer NAT connections while the successor already owns the address.
  for (const instance of state.instances.values()) {
    if (instance.phase === 'backup') continue
    stepDown(state, instance, reason, { event: 'released', successor: bestPeer(state, view, instance.group) })
  }
  heartbeatNow(state)
}
