/** With each state a message of one more kind goes along. */
import { type AgentMessage, encodeMessage, type StateMessage } from '../../../packages/protocol/src/agent-messages.ts'
import { encodeState as encode } from '../../../agent/node/core/publish/packing.ts'
import { newKind } from './more.ts'

export * from '../../../agent/node/core/publish/packing.ts'

export const encodeState = (state: StateMessage): string[] => [...encode(state), encodeMessage(newKind<AgentMessage>())]
