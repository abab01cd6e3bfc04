/** Numbers and small shapes of nf_tables (linux/netfilter/nf_tables.h), and the frame of each message. */
import { Attributes, attribute, be32, nested, text } from '../attributes.ts'
import { Malformed, need } from '../bytes.ts'
import { encodeMessage, FLAG, type Message } from '../message.ts'

const SUBSYSTEM = 10
const BATCH = { begin: 0x10, end: 0x11 } as const

/** Multicast group of all changes, for `watchNetlink`. */
export const GROUP = 7

export const MSG = {
  newTable: 0,
  getTable: 1,
  deleteTable: 2,
  newChain: 3,
  getChain: 4,
  deleteChain: 5,
  newRule: 6,
  getRule: 7,
  deleteRule: 8,
  newSet: 9,
  getSet: 10,
  deleteSet: 11,
  newElement: 12,
  getElement: 13,
  deleteElement: 14,
  newGeneration: 15,
  getGeneration: 16,
} as const

const FAMILIES = { any: 0, inet: 1, ip: 2, arp: 3, netdev: 5, bridge: 7, ip6: 10 } as const
export type Family = keyof typeof FAMILIES

/** Hook numbers depend on the family. */
export const HOOK = {
  inet: { prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, ingress: 5 },
  arp: { input: 0, output: 1 },
  /** egress (kernel 5.16) also sees raw frames. When the device goes, its base chain goes too (before 6.16). */
  netdev: { ingress: 0, egress: 1 },
} as const

export interface TableName {
  readonly family: Family
  readonly table: string
}

/** A message of the nf_tables subsystem; `family` lies in its nfgenmsg. */
export function encodeNft(type: number, flags: number, family: Family, attributes: readonly Uint8Array[]): Uint8Array {
  return encodeMessage((SUBSYSTEM << 8) | type, FLAG.request | flags, [
    Uint8Array.of(FAMILIES[family], 0, 0, 0),
    ...attributes,
  ])
}

/** One transaction: all of it or nothing. Empty stays empty. */
export function batch(messages: readonly Uint8Array[]): Uint8Array[] {
  if (messages.length === 0) return []
  const frame = (type: number): Uint8Array => encodeMessage(type, FLAG.request, [Uint8Array.of(0, 0, 0, SUBSYSTEM)])
  return [frame(BATCH.begin), ...messages, frame(BATCH.end)]
}

export interface NftHeader {
  /** MSG. */
  readonly type: number
  readonly family: Family
  readonly attributes: Attributes
}

/** Inside of decoders only. */
export function readNft(message: Message): NftHeader {
  if (message.type >> 8 !== SUBSYSTEM) throw new Malformed(`message type ${message.type} is not of nf_tables`)
  const family = need(message.payload, 4, 'nfgenmsg')[0] ?? 0
  const name = Object.entries(FAMILIES).find(([, number]) => number === family)
  return {
    type: message.type & 0xff,
    family: (name?.[0] ?? 'any') as Family,
    attributes: new Attributes(message.payload.subarray(4)),
  }
}

const VERDICTS = { drop: 0, accept: 1, continue: -1, break: -2, jump: -3, goto: -4, return: -5 } as const

/** What becomes of a packet; `chain` belongs to jump and goto. */
export interface Verdict {
  readonly verdict: keyof typeof VERDICTS
  readonly chain?: string
}

export const accept: Verdict = { verdict: 'accept' }
export const drop: Verdict = { verdict: 'drop' }
export const jump = (chain: string): Verdict => ({ verdict: 'jump', chain })

/** A value or a verdict, as nft_data: attribute `type` around it. */
export const valueData = (type: number, value: Uint8Array): Uint8Array => nested(type, attribute(1, value))

export const verdictData = (type: number, verdict: Verdict): Uint8Array =>
  nested(type, nested(2, be32(1, VERDICTS[verdict.verdict] >>> 0), ...(verdict.chain ? [text(2, verdict.chain)] : [])))

export function readVerdict(data: Attributes): Verdict | undefined {
  const fields = data.nested(2)
  if (!fields) return undefined
  const code = (fields.be32(1) ?? 0) | 0
  const name = Object.entries(VERDICTS).find(([, number]) => number === code)?.[0]
  if (name === undefined) throw new Malformed(`verdict ${code}`)
  const chain = fields.text(2)
  return { verdict: name as Verdict['verdict'], ...(chain === undefined ? {} : { chain }) }
}
