/** Datagrams: one more field in each heartbeat and request, and one more kind. */
import { type Message, beatCodec as heartbeat, messageCodec as message } from '../../../packages/wire/src/messages.ts'
import type { Heartbeat } from '@lvsm/heartbeat'
import type { Codec } from '../../../packages/wire/src/codec.ts'
import { withKind } from './more.ts'

export type { Message }
export const beatCodec: Codec<Heartbeat> = withKind(heartbeat, ['heartbeat'])
export const messageCodec: Codec<Message> = withKind(message, ['heartbeat', 'request'])
