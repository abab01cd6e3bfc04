/**
 * What the lease process has to tell the coordinators that this node follows: the epoch that it acts on; and what it wants of them: a
 * newer view, where others act on a higher epoch, and proof that there is none, where its disk lost on which it acted
 * (packages/lease/PROTOCOL.md 8.2, 8.4, 8.6).
 */
import type { LeaseStatus } from '@lvsm/protocol'
import { noteLeaseNumbers } from './history/lease-numbers.ts'
import { noteOwners } from './history/owner-changes.ts'
import { noteStandby } from './history/own-node.ts'
import { leaseSpoke } from './lease.ts'
import { LOOK_IN, lookWithin } from './observe/look.ts'
import type { NodeState } from './state.ts'

/** It asks with each status, until it has what it wants. */
export function onLeaseStatus(state: NodeState, status: LeaseStatus): void {
  noteStandby(state, state.lease.status, status)
  noteLeaseNumbers(state, state.lease.status, status)
  noteOwners(state, status)
  if (leaseSpoke(state, status)) lookWithin(state, LOOK_IN.movedMs)
  const { config, lease, effects } = state
  if (config?.followed !== true) return
  const { epoch = 0 } = status
  if (epoch > 0 && epoch !== lease.acts) effects.push({ kind: 'acts', epoch })
  lease.acts = epoch
  const isLost = status.epochLost === true && lease.confirmed !== status.incarnation
  if (isLost || status.newerEpoch !== undefined) effects.push({ kind: 'confirm', incarnation: status.incarnation })
}

/** A read that was asked for an earlier start of the lease process proves nothing to this one. */
export function onConfirmed(state: NodeState, incarnation: string, revision: number): void {
  const { config, lease } = state
  if (!config || config.revision < revision || lease.status?.incarnation !== incarnation) return
  if (lease.confirmed === incarnation) return
  lease.confirmed = incarnation
  lookWithin(state, LOOK_IN.movedMs)
}

/** What its present start was given is confirmed to it. */
export const isConfirmed = ({ config, lease }: NodeState): boolean =>
  config?.followed === true && lease.confirmed !== '' && lease.confirmed === lease.status?.incarnation
