/**
 * State file: the longest lease that may have been granted, the lease numbers reserved, standby, and the epoch. Written whole at every
 * change, one write at a time; one that failed is tried again until it succeeds.
 *
 * Law: what a restart relies on is used only once the disk has it for certain (packages/lease/PROTOCOL.md 3.2).
 */
import { type DurableState } from '@lvsm/protocol'
import { after, between, type Instant, LONGEST_LEASE_MS, type Trouble } from '@lvsm/base'
import { onSecured } from './succession.ts'
import type { LeaseState } from './state.ts'

const RETRY_MS = 1000
/** A write that takes longer is reported as hanging. */
const HANGING_MS = 5000
const NEVER = Number.POSITIVE_INFINITY as Instant

function wantedState(state: LeaseState): DurableState {
  const { acceptor, now, standby, view, epochs } = state
  const epoch = Math.max(epochs.onDisk, epochs.pending?.epoch ?? 1, view?.epoch ?? 1)
  return {
    ...acceptor.wantedState(now),
    standby,
    ...(epoch > 1 ? { epoch } : {}),
    ...(epochs.lost ? { epochLost: true } : {}),
  }
}

const isKept = (onDisk: DurableState | null, wanted: DurableState): boolean =>
  onDisk !== null &&
  onDisk.limitMs === wanted.limitMs &&
  onDisk.highWater === wanted.highWater &&
  onDisk.standby === wanted.standby &&
  onDisk.epoch === wanted.epoch &&
  onDisk.epochLost === wanted.epochLost

export function tickDurable(state: LeaseState): void {
  const { durable } = state
  if (durable.writing || state.now < durable.retryAt) return
  const wanted = wantedState(state)
  if (isKept(durable.onDisk, wanted)) return
  durable.writing = wanted
  durable.writingView = state.epochs.pending
  durable.writingSince = state.now
  state.acceptor.writes(wanted)
  state.effects.push({ kind: 'persist', state: wanted, view: durable.writingView })
}

export function onPersisted(state: LeaseState, ok: boolean, error: string): void {
  const { durable } = state
  state.acceptor.wrote(ok)
  // A failed write may have reached the disk.
  durable.onDisk = ok ? durable.writing : null
  if (ok) onSecured(state, durable.writing?.epoch ?? 1, durable.writingView)
  durable.writing = null
  durable.writingView = null
  durable.fault = ok ? '' : error
  if (!ok) durable.retryAt = after(state.now, RETRY_MS)
}

/** When the next write is due, if nothing else happens before. */
export function nextDurable({ acceptor, durable }: LeaseState): Instant {
  if (durable.writing) return NEVER
  return durable.fault === '' ? (acceptor.changesAt ?? NEVER) : durable.retryAt
}

/** Why the state is not kept: the write failed, or hangs; null when all is well. */
function faultOf({ durable, now }: LeaseState): string | null {
  if (durable.fault !== '') return durable.fault
  const waitsMs = durable.writing ? between(durable.writingSince, now) : 0
  return waitsMs >= HANGING_MS ? `the disk has not answered for ${Math.floor(waitsMs / 1000)} s` : null
}

/** `silentMs`: what is left of this voter's quarantine; 0 where it answers, or is no voter. */
export function durableTroubles(state: LeaseState, silentMs: number): Trouble[] {
  const { node, acceptor, stateLost } = state
  const lost: Trouble = {
    code: 'state-lost',
    severity: 'warning',
    message: `${node} found no state at its start and does not vote for ${LONGEST_LEASE_MS / 1000} s: a lease that it forgot may still live`,
    hint: 'until then the other voters are all needed: stop none of them; if the file was lost, look at the disk; a new node is set up with lvsm-lease --set-up before its first start',
    leftMs: Math.ceil(silentMs),
  }
  const fault = faultOf(state)
  const waits =
    acceptor.grantableMs > 0
      ? 'failover goes on, but a longer lease duration, other voters and standby wait for it'
      : 'until then this voter lends nothing, and the other voters are all needed'
  const notKept: Trouble = {
    code: 'state-not-kept',
    severity: 'critical',
    message: `the lease process cannot keep its state: ${fault}`,
    hint: `make room on that disk, or repair it; ${waits}`,
  }
  return [...(stateLost && silentMs > 0 ? [lost] : []), ...(fault === null ? [] : [notKept])]
}
