/**
 * Relayed messages of other nodes' agents: passed on to this node's agent, so many a second of each node. A node with the key
 * may send as many as it can; the agent is to have time for the others.
 */
import { fullBucket, type Rate, takeToken } from '@lvsm/base'
import { count, type LeaseState } from './state.ts'

/** Messages of one node; an agent that has just started tells everything. */
export const RELAYS: Rate = { perSecond: 100, burst: 200 }

export function passOn(state: LeaseState, from: string, payload: Uint8Array): void {
  const bucket = state.relayBudgets.get(from) ?? fullBucket(RELAYS, state.now)
  state.relayBudgets.set(from, bucket)
  if (!takeToken(bucket, RELAYS, state.now)) return count(state, 'drop-relay-flood')
  state.effects.push({ kind: 'deliver', from, payload })
}
