/** How a command ended, and who is told. */
import { type Fault, type Outcome } from '@lvsm/protocol'
import { encodeAnswer } from '../publish/packing.ts'
import type { NodeState } from '../state.ts'
import type { ReplyTo } from './pending.ts'

export const refuse = (fault: Fault, code: string, message: string, hint?: string): Outcome => ({
  ok: false,
  fault,
  refusals: [{ code, message, ...(hint ? { hint } : {}) }],
})

/** Answers that are kept for a question that is asked again because the answer got lost. */
const LONGEST_MEMORY = 64

export function reply(state: NodeState, to: ReplyTo, outcome: Outcome): void {
  if (to.kind === 'operator') state.effects.push({ kind: 'reply', id: to.id, outcome })
  else if (to.kind === 'standby') {
    if (state.standbyRun) state.standbyRun.vacated = outcome
  } else {
    const key = `${to.node} ${to.id}`
    // The order is that of their ends.
    state.answers.delete(key)
    state.answers.set(key, outcome)
    answerPeer(state, to.node, to.id, outcome)
    forgetOldest(state)
  }
}

/** A command under way is not forgotten: asked again, it would be carried out twice. */
function forgetOldest({ answers }: NodeState): void {
  const ended = [...answers].filter(([, outcome]) => outcome !== null)
  for (const [key] of ended.slice(0, -LONGEST_MEMORY)) answers.delete(key)
}

export function answerPeer(state: NodeState, node: string, id: string, outcome: Outcome): void {
  state.effects.push({ kind: 'message', to: node, text: encodeAnswer(id, outcome) })
}
