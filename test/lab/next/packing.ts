/** With each state a message of one more kind goes along. */
import { encodeState as encode } from '../../../agent/node/core/publish/packing.ts'
import { type AgentMessage, encodeMessage, type StateMessage } from '../../../agent/node/core/messages.ts'
import { newKind } from './more.ts'

export * from '../../../agent/node/core/publish/packing.ts'

export const encodeState = (state: StateMessage): string[] => [...encode(state), encodeMessage(newKind<AgentMessage>())]
