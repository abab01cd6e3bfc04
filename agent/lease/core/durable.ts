/**
 * What this process keeps on disk, written whole at every change: how long a lease it may have granted, the lease numbers
 * that it reserved, and standby. One write at a time; one that failed is tried again until it succeeds.
 *
 * Law: what a restart relies on is used only once the disk has it for certain; the acceptor is told of each write.
 */
import { after, type Instant, LONGEST_TERM_MS, type Trouble } from '@lvsm/base'
import type { DurableState } from '@lvsm/lease'
import type { Station } from './station.ts'

export interface Durable {
  /** As it is on disk for certain; null when that is not known. */
  onDisk: DurableState | null
  writing: DurableState | null
  retryAt: Instant
  /** Why the last write failed; empty when it did not. */
  fault: string
}

const RETRY_MS = 1000
const NEVER = Number.POSITIVE_INFINITY as Instant

const wanted = (station: Station): DurableState => ({
  ...station.acceptor.wantedState(station.now),
  standby: station.standby,
})

const isKept = (onDisk: DurableState | null, state: DurableState): boolean =>
  onDisk !== null &&
  onDisk.limitMs === state.limitMs &&
  onDisk.highWater === state.highWater &&
  onDisk.standby === state.standby

export function tendDurable(station: Station): void {
  const { durable } = station
  if (durable.writing || station.now < durable.retryAt) return
  const state = wanted(station)
  if (isKept(durable.onDisk, state)) return
  durable.writing = state
  station.acceptor.writes(state)
  station.effects.push({ kind: 'persist', state })
}

export function onPersisted(station: Station, ok: boolean, error: string): void {
  const { durable } = station
  station.acceptor.wrote(ok)
  // A write that failed may have reached the disk all the same.
  durable.onDisk = ok ? durable.writing : null
  durable.writing = null
  durable.fault = ok ? '' : error
  if (!ok) durable.retryAt = after(station.now, RETRY_MS)
}

/** When something has to be written, if nothing else happens before. */
export function nextDurable({ acceptor, durable }: Station): Instant {
  if (durable.writing) return NEVER
  return durable.fault === '' ? (acceptor.changesAt ?? NEVER) : durable.retryAt
}

/** `silentMs`: what is left of this voter's quarantine; 0 where it answers, or is no voter. */
export function durableTroubles({ node, durable, stateLost }: Station, silentMs: number): Trouble[] {
  const lost: Trouble = {
    code: 'state-lost',
    severity: 'warning',
    message: `${node} found no state at its start and does not vote for ${LONGEST_TERM_MS / 1000} s: a lease that it forgot may still live`,
    hint: 'until then the other voters are all needed: stop none of them; if the file was lost, look at the disk; a new node is set up with lvsm-lease --set-up before its first start',
    leftMs: Math.ceil(silentMs),
  }
  const notKept: Trouble = {
    code: 'state-not-kept',
    severity: 'critical',
    message: `the lease process cannot keep its state: ${durable.fault}`,
    hint: 'make room on that disk, or repair it; failover goes on, but a longer lease duration and standby wait for it',
  }
  return [...(stateLost && silentMs > 0 ? [lost] : []), ...(durable.fault === '' ? [] : [notKept])]
}
