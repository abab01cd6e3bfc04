/** Frames: one more field in a status and in a word of readiness, each with a frame of one more kind before it. */
import type { Codec } from '../../../packages/protocol/src/codec.ts'
import { frame as one, fromLeaseCodec as from, toLeaseCodec as to } from '../../../packages/protocol/src/frame.ts'
import type { FromLease, ToLease } from '../../../packages/protocol/src/ipc.ts'
import { newKind, withKind } from './more.ts'

export { FrameSplitter, MAX_FRAME, viewCodec } from '../../../packages/protocol/src/frame.ts'
export const toLeaseCodec: Codec<ToLease> = withKind(to, ['ready'])
export const fromLeaseCodec: Codec<FromLease> = withKind(from, ['status'])

const ANNOUNCED: readonly unknown[] = ['ready', 'status']

export function frame<T>(codec: Codec<T>, value: T): Uint8Array {
  const framed = one(codec, value)
  const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : ''
  return ANNOUNCED.includes(kind) ? Uint8Array.of(...one(codec, newKind<T>()), ...framed) : framed
}
