/** The shape on the wire of everything that nodes say to each other. */
import { type Echo, type LeaseMessage, type Poll } from './lease-messages.ts'
import { type GroupClaim, type Heartbeat, type Relay, type SentCount } from './heartbeat.ts'
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

export type Message = LeaseMessage | Heartbeat | Relay

const aboutFields = { group: text, digest: hex(8), epoch: u32 }
const about = struct<Omit<Poll, 'kind'>>(aboutFields)
const echo = struct<Echo>({ incarnation: hex(16), sequence: counter })
const claim = struct<GroupClaim>(
  { group: text, holds: flag, ready: flag, reaches: u8, number: counter, leftMs: milliseconds },
  { blind: [1, u8] },
)
const sentCount = struct<SentCount>({ to: hex(16), count: counter }, { byLink: [1, list(u32)] })
const heartbeat = struct<Omit<Heartbeat, 'kind'>>(
  { revision: counter, standby: flag, voters: hex(8), groups: list(claim) },
  {
    epoch: [1, u32],
    nextEpoch: [2, u32],
    silentMs: [3, milliseconds],
    agentless: [4, text],
    sent: [5, list(sentCount)],
  },
)
/** A reason that this version does not know says no all the same: like `epoch`, for no time that could be waited for. */
const reason = oneOf(['held', 'reserved', 'epoch', 'unknown-list', 'number'], 'epoch')

export const heartbeatCodec = union<Heartbeat>({ heartbeat: [1, heartbeat] })
export const messageCodec = union<Message>({
  heartbeat: [1, heartbeat],
  request: [2, struct({ ...aboutFields, leaseMs: milliseconds, number: counter })],
  poll: [3, about],
  release: [4, struct({ ...aboutFields, upTo: counter, successor: nullable(text) })],
  ack: [5, struct({ ...aboutFields, echo, grantMs: milliseconds, highWater: counter })],
  free: [6, struct({ ...aboutFields, echo, highWater: counter })],
  busy: [7, struct({ ...aboutFields, echo, reason, leftMs: milliseconds, highWater: counter })],
  offer: [8, struct({ ...aboutFields, number: counter }, { unordered: [1, flag] })],
  answer: [9, struct({ ...aboutFields, echo, willing: flag, reason: text })],
  relay: [10, struct({ payload: bytes })],
})
