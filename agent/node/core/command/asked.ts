/** Commands that another node passes on: carried out once, however often they are asked, and answered each time. */
import { between } from '@lvsm/base'
import { type AgentMessage } from '@lvsm/protocol'
import { count, type NodeState } from '../state.ts'
import { dispatch } from './dispatch.ts'
import { isDirector, mayAsk } from '../entitled.ts'
import { notEntitled } from './forward.ts'
import { answerPeer, refuse, refusePeer } from './reply.ts'

/** What one that is no director asks for is begun so often at most. */
const BEGIN_MS = 1000

export function onAsk(state: NodeState, from: string, { id, command }: Extract<AgentMessage, { kind: 'ask' }>): void {
  if (!mayAsk(state, from, command)) {
    count(state, 'drop-message-not-entitled')
    return refusePeer(state, from, id, notEntitled(state, from))
  }
  const isTrusted = isDirector(state, from)
  const key = `${from} ${id}`
  const known = state.answers.get(key)
  if (known === null) return
  if (known !== undefined) return (isTrusted ? answerPeer : refusePeer)(state, from, id, known)
  if (!isTrusted && !isItsTurn(state, from)) return
  state.answers.set(key, null)
  dispatch(state, { command, replyTo: { kind: 'peer', node: from, id }, mayForward: false })
}

/**
 * One with the key of a realserver could ask without end, and have servers asked without end: one thing at a time, and not at once
 * again. Nobody is told so: an honest agent asks again until it is answered.
 */
function isItsTurn(state: NodeState, from: string): boolean {
  const last = state.begunFor.get(from)
  if (last !== undefined && between(last, state.now) < BEGIN_MS) return false
  for (const { replyTo } of state.trials.values()) if (replyTo.kind === 'peer' && replyTo.node === from) return false
  state.begunFor.set(from, state.now)
  return true
}

/** A question that this version does not know: never taken for another one. */
export function onUnknownAsk(state: NodeState, from: string, id: string): void {
  const message = `${state.node} does not know this command: it runs an older version`
  refusePeer(state, from, id, refuse('invalid', 'unknown-command', message, 'upgrade it, or ask it directly'))
}
