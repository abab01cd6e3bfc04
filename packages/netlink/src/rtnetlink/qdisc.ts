/** What an interface does with packets before they leave it (`tc qdisc`): RTM_GETQDISC (linux/rtnetlink.h, struct tcmsg; linux/pkt_sched.h). */
import type { Netem } from '@lvsm/base'
import { Attributes } from '../attributes.ts'
import { type Decoded, decoding, need, viewOf } from '../bytes.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'
import { RTM } from './types.ts'

const TCA = { kind: 1, options: 2 } as const
const HEADER = 20
/** struct tc_netem_qopt: latency, limit, loss, gap, duplicate, jitter; attributes follow. */
const NETEM_BYTES = 24
const NETEM = { corrupt: 4, loss: 5, latency64: 10, jitter64: 11 } as const
/** A tick of packet schedulers is 64 nanoseconds (PSCHED_SHIFT). */
const TICKS_PER_MS = 1e6 / 64
const NS_PER_MS = 1e6
/** Shares are parts of 2³²−1. */
const WHOLE = 0xffff_ffff
const ROOT = 0xffff_ffff

export interface Qdisc {
  /** Of the interface. */
  readonly index: number
  readonly kind: string
  /** Null: it is of another kind. */
  readonly netem: Netem | null
}

export const dumpQdiscs = (): Uint8Array =>
  encodeMessage(RTM.getQdisc, FLAG.request | FLAG.dump, [new Uint8Array(HEADER)])

/** As tc writes the handle of a class: major and minor number, hexadecimal. */
const parentOf = (handle: number): string =>
  handle === ROOT ? 'root' : `${(handle >>> 16).toString(16)}:${(handle & 0xffff).toString(16)}`

function readNetem(parent: string, options: Uint8Array): Netem {
  const view = viewOf(need(options, NETEM_BYTES, 'tc_netem_qopt'))
  const more = new Attributes(options.subarray(NETEM_BYTES))
  const corrupt = more.bytes(NETEM.corrupt)
  const time = (type: number, ticksAt: number): number => {
    const ns = more.u64(type)
    return ns === undefined ? view.getUint32(ticksAt, true) / TICKS_PER_MS : ns / NS_PER_MS
  }
  return {
    parent,
    delayMs: time(NETEM.latency64, 0),
    jitterMs: time(NETEM.jitter64, 20),
    loss: more.bytes(NETEM.loss) ? null : view.getUint32(8, true) / WHOLE,
    corrupt: corrupt ? viewOf(need(corrupt, 4, 'tc_netem_corrupt')).getUint32(0, true) / WHOLE : 0,
  }
}

export const decodeQdisc = (message: Message): Decoded<Qdisc> =>
  decoding('qdisc', () => {
    const view = viewOf(need(message.payload, HEADER, 'tcmsg'))
    const attributes = new Attributes(message.payload.subarray(HEADER))
    const kind = attributes.text(TCA.kind) ?? ''
    const options = attributes.bytes(TCA.options)
    return {
      index: view.getInt32(4, true),
      kind,
      netem: kind === 'netem' && options ? readNetem(parentOf(view.getUint32(12, true)), options) : null,
    }
  })
