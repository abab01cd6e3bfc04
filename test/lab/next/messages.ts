/** Datagrams: one more field in each beat and request, and one more kind. */
import { type Message, beatCodec as beat, messageCodec as message } from '../../../packages/wire/src/messages.ts'
import type { Beat } from '@lvsm/heartbeat'
import type { Codec } from '../../../packages/wire/src/codec.ts'
import { withKind } from './more.ts'

export type { Message }
export const beatCodec: Codec<Beat> = withKind(beat, ['beat'])
export const messageCodec: Codec<Message> = withKind(message, ['beat', 'request'])
