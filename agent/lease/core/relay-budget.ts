/**
 * Relayed messages of other nodes' agents: passed on to this node's agent, so many a second of each node. A node with the key
 * may send as many as it can; the agent is to have time for the others.
 */
import type { Instant } from '@lvsm/base'
import { count, type LeaseState } from './state.ts'

/** Messages a second of one node, and how many may come at once: an agent that has just started tells everything. */
export const RELAYS = { perSecond: 100, burst: 200 } as const

export interface Allowance {
  left: number
  at: Instant
}

export function passOn(state: LeaseState, from: string, payload: Uint8Array): void {
  const known = state.relayAllowances.get(from) ?? { left: RELAYS.burst, at: state.now }
  const gained = ((state.now - known.at) / 1000) * RELAYS.perSecond
  const left = Math.min(RELAYS.burst, known.left + gained)
  state.relayAllowances.set(from, { left: Math.max(0, left >= 1 ? left - 1 : left), at: state.now })
  if (left < 1) return count(state, 'drop-relay-flood')
  state.effects.push({ kind: 'deliver', from, payload })
}
