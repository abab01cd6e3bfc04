/** How a command ended, and who is told. */
import { type Fault, type Outcome } from '@lvsm/protocol'
import { between } from '@lvsm/base'
import { encodeAnswer } from '../publish/packing.ts'
import type { NodeState } from '../state.ts'
import type { ReplyTo } from './pending.ts'

export const refuse = (fault: Fault, code: string, message: string, hint?: string): Outcome => ({
  ok: false,
  fault,
  refusals: [{ code, message, ...(hint ? { hint } : {}) }],
})

/**
 * So long at most an operator waits for the end of a command: then what is known is the answer, and the command goes on. `lvsm`
 * itself waits for 30 s, a node that passed the command on for a little less.
 */
export const ANSWER_MS = 20_000

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

/** An honest agent asks again as often, until it is answered. */
const REFUSE_MS = 400

/**
 * An answer to what is not looked at: to each node now and then only. Answers leave before all else that agents say, so one that
 * asks without end would keep the others from hearing of this node at all.
 */
export function refusePeer(state: NodeState, node: string, id: string, outcome: Outcome): void {
  const last = state.refusedAt.get(node)
  if (last !== undefined && between(last, state.now) < REFUSE_MS) return
  state.refusedAt.set(node, state.now)
  answerPeer(state, node, id, outcome)
}

export function answerPeer(state: NodeState, node: string, id: string, outcome: Outcome): void {
  state.effects.push({ kind: 'message', to: node, text: encodeAnswer(id, outcome) })
}
