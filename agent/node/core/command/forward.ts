/** Commands that another node carries out: asked again until it answers. */
import { type AgentMessage, type Command, encodeMessage, type Outcome } from '@lvsm/protocol'
import { after, between, type Instant } from '@lvsm/base'
import { directorsOf, mayAsk } from '../entitled.ts'
import { stateOf } from '../peers.ts'
import type { NodeState } from '../state.ts'
import type { ReplyTo } from './pending.ts'
import { ANSWER_MS, refuse, reply } from './reply.ts'

const REPEAT_MS = 400
/** A node whose agent speaks answers within `ANSWER_MS`; for one that is silent nobody waits that long. */
const GIVE_UP_MS = ANSWER_MS + 4000
const GIVE_SILENT_UP_MS = 12_000
const PACE_MS = REPEAT_MS / 4

export function forward(state: NodeState, to: string, command: Command, replyTo: ReplyTo): void {
  if (!mayAsk(state, state.node, command)) return reply(state, replyTo, notEntitled(state, state.node))
  state.serial += 1
  const id = `${state.boot}-ask-${state.serial}`
  const text = encodeMessage({ kind: 'ask', id, command })
  state.asks.set(id, { id, to, text, since: state.now, replyTo, sentAt: state.now })
  state.effects.push({ kind: 'message', to, text })
}

/** Only directors order what other nodes do. */
export function notEntitled(state: NodeState, node: string): Outcome {
  const message = `${node} is no director, and only directors pass commands on to other nodes`
  return refuse('conflict', 'not-entitled', message, `run it on ${directorsOf(state).join(' or ')}`)
}

export function stepAsks(state: NodeState): void {
  for (const ask of [...state.asks.values()]) {
    if (between(ask.since, state.now) >= (stateOf(state, ask.to) ? GIVE_UP_MS : GIVE_SILENT_UP_MS)) {
      state.asks.delete(ask.id)
      const hint = `it may have been carried out: see lvsm status; run it on ${ask.to} itself`
      reply(state, ask.replyTo, refuse('timeout', 'no-answer', `the agent of ${ask.to} did not answer`, hint))
    } else if (between(ask.sentAt, state.now) >= REPEAT_MS) {
      ask.sentAt = state.now
      state.effects.push({ kind: 'message', to: ask.to, text: ask.text })
    }
  }
}

export const nextAsk = ({ asks, now }: NodeState): Instant | null => (asks.size > 0 ? after(now, PACE_MS) : null)

/** An answer to one of our questions, from the node that was asked. */
export function onAnswer(
  state: NodeState,
  from: string,
  { id, outcome }: Extract<AgentMessage, { kind: 'answer' }>,
): void {
  const ask = state.asks.get(id)
  if (ask?.to !== from) return
  state.asks.delete(id)
  reply(state, ask.replyTo, outcome)
}
