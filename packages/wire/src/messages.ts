/** The shape on the wire of everything that nodes say to each other. */
import type { Beat, GroupClaim, Relay } from '@lvsm/heartbeat'
import type { Echo, LeaseMessage } from '@lvsm/lease'
import {
  bytes,
  counter,
  flag,
  hex,
  list,
  milliseconds,
  nullable,
  oneOf,
  struct,
  text,
  u32,
  u8,
  union,
} from './codec.ts'

export type Message = LeaseMessage | Beat | Relay

const about = { group: text, digest: hex(8), epoch: u32 }
const echo = struct<Echo>({ incarnation: hex(16), sequence: counter })
const claim = struct<GroupClaim>({
  group: text,
  holds: flag,
  ready: flag,
  reaches: u8,
  number: counter,
  leftMs: milliseconds,
})

const beat = { revision: counter, standby: flag, voters: hex(8), groups: list(claim) }

export const beatCodec = union<Beat>({ beat: [1, beat] })
export const messageCodec = union<Message>({
  beat: [1, beat],
  request: [2, { ...about, termMs: milliseconds, number: counter }],
  poll: [3, about],
  release: [4, { ...about, upTo: counter, successor: nullable(text) }],
  ack: [5, { ...about, echo, grantMs: milliseconds, highWater: counter }],
  free: [6, { ...about, echo, highWater: counter }],
  busy: [
    7,
    {
      ...about,
      echo,
      reason: oneOf('held', 'reserved', 'epoch', 'unknown-list', 'number'),
      leftMs: milliseconds,
      highWater: counter,
    },
  ],
  offer: [8, { ...about, number: counter }],
  answer: [9, { ...about, echo, willing: flag, reason: text }],
  relay: [10, { payload: bytes }],
})
