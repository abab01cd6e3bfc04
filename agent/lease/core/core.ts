/**
 * The lease process as a pure machine: `step(input, now) → effects`.
 *
 * Laws: the same inputs give the same effects; `now` is read after the input arrived and before any effect is carried
 * out, and never goes back; effects are carried out in their order; each fence and address effect is answered by
 * exactly one `fenced` or `addressed` input, in the same order.
 */
import { after, type Instant, invariant, later, NEVER_BEFORE } from '@lvsm/base'
import type { Grant, LeaseGroup, LeaseStatus, LeaseView } from '@lvsm/lease'
import { expire, nextDue, tend } from './agenda.ts'
import { defend } from './announcing.ts'
import { onDatagram, onMessage } from './arrivals.ts'
import { beatSoon } from './beats.ts'
import { onPersisted } from './durable.ts'
import { type LeaseEffect, type LeaseInput, READY_FOR_MS } from './events.ts'
import { guardSoon, onCarried } from './guarding.ts'
import { addAddresses, bookFenced } from './kernel.ts'
import { adopt } from './membership.ts'
import { bestPeer } from './peers.ts'
import { onAddressed, onRenewed } from './policy.ts'
import { post } from './post.ts'
import { isReady, type Seat } from './seat.ts'
import { beatNow, type LeaseCoreOptions, newStation, type Station, tell, touchAll } from './station.ts'
import { statusOf } from './status.ts'
import { stepDown } from './step-down.ts'
import { onOpened } from './taking.ts'
import { beginTransfer } from './transfer.ts'

export interface LeaseCore {
  step(input: LeaseInput, now: Instant): LeaseEffect[]
  status(now: Instant): LeaseStatus
  /** Until when this node believes that it holds which groups; for observers. */
  beliefs(): readonly Belief[]
  /** What this node lent as a voter, by address; for observers. */
  votes(): readonly (readonly [string, Grant | null])[]
}
export interface Belief {
  readonly group: LeaseGroup
  readonly until: Instant
  /** The latest end of a lease that it ever believed in. */
  readonly furthest: Instant
}

/** Messages of a node to itself settle in a few rounds; more is a loop. */
const MOST_ROUNDS = 1000

export function createLeaseCore(options: LeaseCoreOptions): LeaseCore {
  const station = newStation(options)
  return {
    step(input, now) {
      station.now = later(station.now, now)
      station.effects = []
      expire(station)
      onInput(station, input)
      settle(station)
      return station.effects
    },
    status(now) {
      station.now = later(station.now, now)
      return statusOf(station)
    },
    beliefs: () =>
      [...station.seats.values()].map(({ group, holder: { deadline, furthest } }) => ({
        group,
        until: deadline,
        furthest,
      })),
    votes: () => station.acceptor.votes(),
  }
}

/** Carries on until nothing is due and nothing is left to say to ourselves; then asks to be woken. */
function settle(station: Station): void {
  const { view } = station
  if (!view) return
  for (let round = 0; ; round++) {
    invariant(round < MOST_ROUNDS, 'a step settles')
    tend(station, view)
    const { local } = station
    station.local = []
    for (const { sequence, message } of local) {
      const { node, incarnation } = station
      onMessage(station, view, { node, incarnation, sequence, spread: 'one' }, message)
    }
    const next = nextDue(station, view)
    if (local.length > 0 || next <= station.now) continue
    if (station.wakeAt !== next) station.effects.push({ kind: 'wake', at: next })
    station.wakeAt = next
    return
  }
}

function onInput(station: Station, input: LeaseInput): void {
  if (input.kind === 'view') return adopt(station, input.view)
  if (input.kind === 'standby') return onStandby(station, input.on)
  if (input.kind === 'stop') return onStop(station, input.reason)
  if (input.kind === 'persisted') return onPersisted(station, input.ok, input.error)
  const { view } = station
  if (input.kind === 'wake') station.wakeAt = NEVER_BEFORE
  if (!view || input.kind === 'wake') return
  if (input.kind === 'datagram') return onDatagram(station, view, input.envelope)
  if (input.kind === 'relay') return onRelay(station, view, input)
  if (input.kind === 'fence-lost') return guardSoon(station, view, true)
  const seat = station.seats.get(input.group)
  if (seat) return onSeatInput(station, view, seat, input)
  if (input.kind === 'switchover')
    tell(station, input.group, 'refused', 0, `${station.node} is no director of ${input.group}`)
}

type SeatInput = Exclude<
  LeaseInput,
  { kind: 'view' | 'standby' | 'stop' | 'persisted' | 'wake' | 'datagram' | 'relay' | 'fence-lost' }
>

function onSeatInput(station: Station, view: LeaseView, seat: Seat, input: SeatInput): void {
  seat.touched = true
  switch (input.kind) {
    case 'ready':
      return onReady(station, seat, input)
    case 'fenced':
      bookFenced(seat, input)
      if (input.op === 'open') onOpened(station, view, seat, input)
      else if (input.op === 'renew') onRenewed(station, view, seat, input)
      else if (input.op === 'carry') onCarried(station, view, seat, input)
      return
    case 'addressed':
      return onAddressed(station, view, seat, input)
    case 'address-lost':
      if (seat.phase !== 'holding' || !seat.announce.isOpen(station.now) || seat.addressCalls > 0) return
      seat.addressOn = false
      addAddresses(station, seat)
      seat.burst = { since: station.now, sent: 0 }
      return tell(station, seat.group.name, 'note', seat.holder.number, 'an address was removed by somebody; put back')
    case 'conflict':
      if (!defend(station, seat)) return
      return tell(station, seat.group.name, 'note', seat.holder.number, `${input.mac} announced our address; defended`)
    case 'switchover':
      return beginTransfer(station, view, seat, input.to, input.reason)
  }
}

function onReady(station: Station, seat: Seat, input: Extract<LeaseInput, { kind: 'ready' }>): void {
  const { ready, cutOff, reaches, reason } = input
  const changed = isReady(seat, station.now) !== ready || seat.says.reaches !== reaches
  const until = after(station.now, READY_FOR_MS)
  seat.says = { ready, reaches, reason, until }
  seat.cutOffUntil = cutOff ? until : NEVER_BEFORE
  if (!changed) return
  beatSoon(station)
  if (ready) seat.candidate.pollSoon()
}

function onRelay(station: Station, view: LeaseView, input: Extract<LeaseInput, { kind: 'relay' }>): void {
  if (input.to === station.node) {
    station.effects.push({ kind: 'deliver', from: station.node, payload: input.payload })
    return
  }
  const to = input.to === null ? view.nodes.map(({ name }) => name) : [input.to]
  // What is told to everybody is told again soon.
  post(station, to, { kind: 'relay', payload: input.payload }, input.to === null ? 'one' : 'all')
}

function onStandby(station: Station, on: boolean): void {
  if (station.standby === on) return
  station.standby = on
  touchAll(station)
  for (const seat of station.seats.values()) seat.standbyAt = station.now
  beatSoon(station)
}

function onStop(station: Station, reason: string): void {
  if (station.stopping) return
  station.stopping = true
  touchAll(station)
  const { view } = station
  if (!view) {
    station.effects.push({ kind: 'stopped' })
    return
  }
  // No drain: connections through NAT would be answered from here while the successor owns the address already.
  for (const seat of station.seats.values()) {
    if (seat.phase === 'watching') continue
    stepDown(station, seat, reason, { event: 'released', successor: bestPeer(station, view, seat.group) })
  }
  beatNow(station)
}
