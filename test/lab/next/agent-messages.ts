/** Messages between agents: one more field in each state, and one more kind. */
import {
  type AgentMessage,
  type Decoded,
  decodeMessage as decode,
  encodeMessage as encode,
} from '../../../packages/protocol/src/agent-messages.ts'
import { LATELY, newKind } from './more.ts'

export * from '../../../packages/protocol/src/agent-messages.ts'

export const encodeMessage = (message: AgentMessage): string =>
  encode(message.kind === 'state' ? Object.assign({ lately: LATELY }, message) : message)

/** The core has nothing to do for the kind that there is more. */
export function decodeMessage(text: string): Decoded {
  const decoded = decode(text)
  if (decoded.ok || decoded.reason !== 'unknown-kind') return decoded
  return text === encode(newKind<AgentMessage>()) ? { ok: true, message: newKind<AgentMessage>() } : decoded
}
