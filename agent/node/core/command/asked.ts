/** Commands that another director passes on: carried out once, however often they are asked, and answered each time. */
import { type AgentMessage } from '@lvsm/protocol'
import { count, type NodeState } from '../state.ts'
import { dispatch } from './dispatch.ts'
import { isDirector } from '../entitled.ts'
import { notEntitled } from './forward.ts'
import { answerPeer, refuse, refusePeer } from './reply.ts'

export function onAsk(state: NodeState, from: string, { id, command }: Extract<AgentMessage, { kind: 'ask' }>): void {
  if (!isDirector(state, from)) {
    count(state, 'drop-message-not-entitled')
    return refusePeer(state, from, id, notEntitled(state, from))
  }
  const key = `${from} ${id}`
  const known = state.answers.get(key)
  if (known === null) return
  if (known !== undefined) return answerPeer(state, from, id, known)
  state.answers.set(key, null)
  dispatch(state, { command, replyTo: { kind: 'peer', node: from, id }, mayForward: false })
}

/** A question that this version does not know: never taken for another one. */
export function onUnknownAsk(state: NodeState, from: string, id: string): void {
  const message = `${state.node} does not know this command: it runs an older version`
  refusePeer(state, from, id, refuse('invalid', 'unknown-command', message, 'upgrade it, or ask it directly'))
}
