/** What becomes of proposals and reads. */
import type { Refusal } from '@lvsm/base'
import type { RaftState } from './state.ts'

export const NOT_LEADER: Refusal = {
  code: 'not-leader',
  message: 'this coordinator does not lead',
  hint: 'ask the leader; where none is known, ask again in a moment',
}

export function refuseProposal(state: RaftState, id: string, refusal: Refusal): void {
  state.effects.push({ kind: 'outcome', id, outcome: { kind: 'refused', refusal, leader: state.leader } })
}
export function refuseRead(state: RaftState, id: string, refusal: Refusal): void {
  state.effects.push({ kind: 'read', id, result: { kind: 'refused', refusal, leader: state.leader } })
}

/** Nobody knows what becomes of those above `index`: another leader may commit them, or give them up. */
export function giveUpProposals(state: RaftState, index: number): void {
  for (const [at, id] of state.proposals) {
    if (at <= index) continue
    state.proposals.delete(at)
    state.effects.push({ kind: 'outcome', id, outcome: { kind: 'unknown' } })
  }
}

export function reportCommitted(state: RaftState): void {
  for (const [index, id] of state.proposals) {
    if (index > state.lastApplied) return
    state.proposals.delete(index)
    state.effects.push({ kind: 'outcome', id, outcome: { kind: 'committed', index } })
  }
}

/** Reads that were proved current, once the state machine is as far. */
export function answerReads(state: RaftState): void {
  const { confirmed, lastApplied } = state
  for (const { id, index } of confirmed)
    if (index <= lastApplied) state.effects.push({ kind: 'read', id, result: { kind: 'ready', index } })
  const left = confirmed.filter(({ index }) => index > lastApplied)
  if (left.length < confirmed.length) confirmed.splice(0, confirmed.length, ...left)
}
