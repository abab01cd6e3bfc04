/** Length-prefixed frames over a byte stream, and the two directions of the node-local socket as codecs. */
import {
  type GroupStatus,
  type LeaseEvent,
  type LeaseStatus,
  OWNERSHIP_EVENTS,
  type PeerStatus,
} from './lease-status.ts'
import {
  type HeartbeatKey,
  type LeaseAddress,
  type LeaseGroup,
  type LeaseLink,
  type LeaseNode,
  type LeaseView,
  PAIR_KEY_BYTES,
  type PairKey,
  type PairKeys,
} from './lease-view.ts'
import type { Timing, Trouble } from '@lvsm/base'
import type { DelayReport, Delays } from './delays.ts'
import {
  bytes,
  type Codec,
  counter,
  encode,
  flag,
  hex,
  list,
  nullable,
  number,
  oneOf,
  record,
  struct,
  text,
  u16,
  u32,
  u8,
  union,
} from './codec.ts'
import { ALGORITHMS } from './lease-view.ts'
import type { FromLease, ToLease } from './ipc.ts'

/** A peer that announces a longer frame is not one of ours. */
export const MAX_FRAME = 4 * 1024 * 1024

const timing = struct<Timing>({
  keepaliveMs: number,
  leaseMs: number,
  applyMs: number,
  warntimeMs: number,
  deadtimeMs: number,
  drainMs: number,
})
const link = struct<LeaseLink>({ name: text, address: text, port: u16 })
const pairKey = struct<PairKey>({ id: u16, secret: hex(PAIR_KEY_BYTES) })
const pairKeys = struct<PairKeys>({ signWith: u16, keys: list(pairKey), shared: flag })
const node = struct<LeaseNode>({ name: text, links: list(link), voter: flag }, { pair: [1, pairKeys] })
const address = struct<LeaseAddress>({ address: text, prefix: u8, ifindex: u32, kind: oneOf(['vip', 'gateway']) })
const group = struct<LeaseGroup>(
  { name: text, digest: text, directors: list(text), addresses: list(address) },
  { stopped: [1, flag] },
)
const key = struct<HeartbeatKey>({ id: u16, algorithm: oneOf(ALGORITHMS), secret: text })
export const viewCodec = struct<LeaseView>(
  {
    cluster: text,
    node: text,
    epoch: u32,
    revision: counter,
    timing,
    nodes: list(node),
    groups: list(group),
    keys: list(key),
    signWith: u16,
  },
  { followed: [1, flag], confirmed: [2, flag], ring: [3, counter] },
)
const groupStatus = struct<GroupStatus>(
  {
    name: text,
    role: oneOf(['owner', 'acquiring', 'releasing', 'candidate', 'standby', 'none'], 'none'),
    owner: nullable(text),
    number: counter,
    leftMs: number,
    reason: text,
  },
  { unwilling: [1, text] },
)
const peerStatus = struct<PeerStatus>(
  {
    name: text,
    life: oneOf(['alive', 'late', 'dead', 'unknown'], 'unknown'),
    silentMs: number,
    standby: flag,
  },
  { unbelieved: [1, text], agentless: [2, text], lostPercent: [3, number], unsent: [4, text] },
)
const trouble = struct<Trouble>(
  {
    code: text,
    severity: oneOf(['info', 'warning', 'critical'], 'critical'),
    message: text,
  },
  {
    hint: [1, text],
    leftMs: [2, number],
    object: [3, text],
    evidence: [4, text],
    since: [5, text],
    pastMs: [6, number],
  },
)
const delay = struct<DelayReport>({ counts: list(counter), sumMs: number, worstMs: number })
const delays = struct<Delays>({ loop: delay, renewal: delay })
const status = struct<LeaseStatus>(
  {
    node: text,
    incarnation: text,
    quarantineMs: number,
    standby: flag,
    quorum: flag,
    groups: list(groupStatus),
    peers: list(peerStatus),
    troubles: list(trouble),
    counters: record(number),
  },
  { delays: [1, delays], epoch: [2, u32], newerEpoch: [3, u32], epochLost: [4, flag], ring: [5, counter] },
)
const event = struct<LeaseEvent>(
  {
    at: number,
    group: text,
    kind: oneOf([...OWNERSHIP_EVENTS, 'note'], 'note'),
    number: counter,
    reason: text,
  },
  { planned: [1, flag], unordered: [2, flag], again: [3, flag], serial: [4, counter] },
)

export const toLeaseCodec = union<ToLease>({
  view: [1, struct({ view: viewCodec })],
  ready: [
    2,
    struct(
      { group: text, ready: flag, interfaceDown: flag, reaches: u8, reason: text },
      { blind: [1, u8], dark: [2, text], shut: [3, text] },
    ),
  ],
  switchover: [3, struct({ group: text, to: nullable(text), reason: text })],
  standby: [4, struct({ on: flag, reason: text })],
  relay: [5, struct({ to: nullable(text), payload: bytes })],
  told: [6, struct({ incarnation: text, serial: counter })],
})
export const fromLeaseCodec = union<FromLease>({
  hello: [1, struct({ incarnation: text, version: u32 }, { least: [1, u32], events: [2, counter] })],
  status: [2, struct({ status })],
  event: [3, struct({ event })],
  relay: [4, struct({ from: text, payload: bytes })],
})

export function frame<T>(codec: Codec<T>, value: T): Uint8Array {
  const content = encode(codec, value)
  const framed = new Uint8Array(4 + content.length)
  new DataView(framed.buffer).setUint32(0, content.length)
  framed.set(content, 4)
  return framed
}

/** Room of a splitter before it has to grow: what a socket brings at once. */
const FIRST_ROOM = 65_536

/**
 * Collects chunks and yields whole frames; null when the stream is not ours and must be closed. A byte is copied a few
 * times, however small the chunks in which a long frame comes.
 */
export class FrameSplitter {
  #held = new Uint8Array(0)
  #length = 0

  /** Bytes of a frame that is not whole yet. */
  get partial(): number {
    return this.#length
  }

  push(chunk: Uint8Array): Uint8Array[] | null {
    this.#hold(chunk)
    const view = new DataView(this.#held.buffer)
    const frames: Uint8Array[] = []
    let at = 0
    while (this.#length - at >= 4) {
      const size = view.getUint32(at)
      if (size > MAX_FRAME) return null
      if (this.#length - at - 4 < size) break
      frames.push(this.#held.slice(at + 4, at + 4 + size))
      at += 4 + size
    }
    if (at > 0) this.#held.copyWithin(0, at, this.#length)
    this.#length -= at
    // What a long frame needed is not kept for the next short ones.
    if (this.#length === 0 && this.#held.length > FIRST_ROOM) this.#held = new Uint8Array(0)
    return frames
  }

  #hold(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length
    if (needed > this.#held.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#held.length, Math.min(FIRST_ROOM, 4 * needed)))
      grown.set(this.#held.subarray(0, this.#length))
      this.#held = grown
    }
    this.#held.set(chunk, this.#length)
    this.#length = needed
  }
}
