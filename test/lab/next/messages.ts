/** Datagrams: one more field in each heartbeat and request, and one more kind. */
import { type Heartbeat } from '@lvsm/protocol'
import {
  type Message,
  heartbeatCodec as heartbeat,
  messageCodec as message,
} from '../../../packages/protocol/src/messages.ts'
import type { Codec } from '../../../packages/protocol/src/codec.ts'
import { withKind } from './more.ts'

export type { Message }
export const heartbeatCodec: Codec<Heartbeat> = withKind(heartbeat, ['heartbeat'])
export const messageCodec: Codec<Message> = withKind(message, ['heartbeat', 'request'])
