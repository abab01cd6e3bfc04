/** Sets, verdict maps and their elements, with timeouts. */
import { Attributes, attribute, be32, be64, nested, text } from '../attributes.ts'
import { type Decoded, decoding } from '../bytes.ts'
import { FLAG, type Message } from '../message.ts'
import {
  encodeNft,
  type Family,
  MSG,
  readNft,
  readVerdict,
  type TableName,
  type Verdict,
  valueData,
  verdictData,
} from './types.ts'

const SET = {
  table: 1,
  name: 2,
  flags: 3,
  keyType: 4,
  keyLength: 5,
  dataType: 6,
  dataLength: 7,
  id: 10,
  timeout: 11,
  userdata: 13,
} as const
const SET_FLAG = { map: 0x8, timeout: 0x10, dynamic: 0x20 } as const
const VERDICT_TYPE = 0xffffff00
const LIST = { table: 1, set: 2, elements: 3 } as const
const ELEMENT = { key: 1, data: 2, flags: 3, timeout: 4, expiration: 5, keyEnd: 10 } as const
const LIST_ELEMENT = 1
const RANGE_END = 1

/** Key types: the number is for the `nft` tool, which prints elements by it (1 host, 2 network order). */
const KEYS = {
  ipv4: { type: 7, length: 4, order: 2 },
  ipv6: { type: 8, length: 16, order: 2 },
  mac: { type: 9, length: 6, order: 2 },
  ethertype: { type: 10, length: 2, order: 2 },
  service: { type: 13, length: 2, order: 2 },
  mark: { type: 19, length: 4, order: 1 },
  ifname: { type: 41, length: 16, order: 1 },
  /** Both addresses and ports in one (`load.ipv4Flow`, `load.ipv6Flow`): to the `nft` tool an integer. */
  ipv4Flow: { type: 4, length: 12, order: 2 },
  ipv6Flow: { type: 4, length: 36, order: 2 },
} as const
export type KeyType = keyof typeof KEYS

export interface SetName extends TableName {
  readonly set: string
}

export interface NftSet extends SetName {
  readonly key: KeyType | 'other'
  /** A map from keys to verdicts. */
  readonly verdicts: boolean
  /** Elements may have a timeout. */
  readonly timeouts: boolean
  /** Rules add its elements: a `meter`. */
  readonly dynamic?: true
}

export interface Element {
  /** In network order: see `inetBytes`, `ethertypeKey`, `portKey`. */
  readonly key: Uint8Array
  readonly verdict?: Verdict
  /** Milliseconds; the kernel counts in ticks of 1 to 10 ms, and may end it up to one tick early or two late. */
  readonly timeoutMs?: number
}

export interface ListedElement extends Element {
  /** Milliseconds left; absent without a timeout. */
  readonly leftMs?: number
  /** In a set of ranges: it is no more in the one before it (NFT_SET_ELEM_INTERVAL_END). */
  readonly end?: true
  /** Of a range of several things in one: the last of each (NFTA_SET_ELEM_KEY_END). */
  readonly last?: Uint8Array
  /** It stands for more than this key: see `singleElements`. */
  readonly many?: true
}

/** Without ends of ranges: in a set of ranges each begins with one element, and ends before another one. */
export function singleElements(all: readonly ListedElement[]): readonly ListedElement[] {
  const ends = new Set(all.flatMap(({ key, end }) => (end ? [key.join()] : [])))
  if (ends.size === 0) return all
  const begins = all.filter(({ end }) => !end)
  return begins.map((one) => (ends.has(keyAfter(one.key).join()) ? one : { ...one, many: true }))
}
function keyAfter(key: Uint8Array): Uint8Array {
  const after = key.slice()
  for (let at = after.length - 1; at >= 0; at--) {
    after[at] = ((after[at] ?? 0) + 1) & 0xff
    if (after[at] !== 0) break
  }
  return after
}

/** Elements that one message holds with room to spare (its list has 16 bits of length); more go in several messages of one batch. */
export const ELEMENTS_PER_MESSAGE = 400

export const ethertypeKey = (ethertype: number): Uint8Array => Uint8Array.of(ethertype >> 8, ethertype & 0xff)

export const portKey = (port: number): Uint8Array => Uint8Array.of(port >> 8, port & 0xff)

/** EEXIST when one of that name with another shape is there. */
export function newSet(
  set: SetName & { key: KeyType; verdicts?: boolean; timeouts?: boolean; dynamic?: boolean },
): Uint8Array {
  const { type, length, order } = KEYS[set.key]
  const flags =
    (set.verdicts ? SET_FLAG.map : 0) | (set.timeouts ? SET_FLAG.timeout : 0) | (set.dynamic ? SET_FLAG.dynamic : 0)
  return encodeNft(MSG.newSet, FLAG.ack | FLAG.create, set.family, [
    text(SET.table, set.table),
    text(SET.name, set.set),
    be32(SET.flags, flags),
    be32(SET.keyType, type),
    be32(SET.keyLength, length),
    ...(set.verdicts ? [be32(SET.dataType, VERDICT_TYPE), be32(SET.dataLength, 0)] : []),
    be32(SET.id, 1),
    attribute(SET.userdata, Uint8Array.of(0, 4, order, 0, 0, 0)),
  ])
}

/** EBUSY while a rule looks into it. */
export const deleteSet = ({ family, table, set }: SetName): Uint8Array =>
  encodeNft(MSG.deleteSet, FLAG.ack, family, [text(SET.table, table), text(SET.name, set)])

const element = (item: Element): Uint8Array =>
  nested(
    LIST_ELEMENT,
    valueData(ELEMENT.key, item.key),
    ...(item.verdict ? [verdictData(ELEMENT.data, item.verdict)] : []),
    ...(item.timeoutMs ? [be64(ELEMENT.timeout, item.timeoutMs)] : []),
  )

const elements = (type: number, flags: number, name: SetName, items: readonly Element[]): Uint8Array =>
  encodeNft(type, flags, name.family, [
    text(LIST.table, name.table),
    text(LIST.set, name.set),
    nested(LIST.elements, ...items.map(element)),
  ])

/**
 * Adds elements. With `exclusive`, EEXIST when one is there and alive. Without, such a one keeps its timeout on
 * kernels before 6.12 and gets the new one since: to extend it everywhere, delete and add in one transaction.
 * At most ELEMENTS_PER_MESSAGE.
 */
export const newElements = (name: SetName, items: readonly Element[], { exclusive = false } = {}): Uint8Array =>
  elements(MSG.newElement, FLAG.ack | FLAG.create | (exclusive ? FLAG.exclusive : 0), name, items)

/** ENOENT when one of them is not there, or its time has run out. */
export const deleteElements = (name: SetName, items: readonly Element[]): Uint8Array =>
  elements(MSG.deleteElement, FLAG.ack, name, items)

/** Empties the set. */
export const flushElements = (name: SetName): Uint8Array =>
  encodeNft(MSG.deleteElement, FLAG.ack, name.family, [text(LIST.table, name.table), text(LIST.set, name.set)])

/** What the set knows of these: ENOENT when it has one of them not. */
export const getElements = (name: SetName, items: readonly Element[]): Uint8Array =>
  elements(MSG.getElement, FLAG.ack, name, items)

/** ENOENT when there is no such set. */
export const dumpElements = (name: SetName): Uint8Array =>
  encodeNft(MSG.getElement, FLAG.dump, name.family, [text(LIST.table, name.table), text(LIST.set, name.set)])

export const dumpSets = (family: Family = 'any'): Uint8Array => encodeNft(MSG.getSet, FLAG.dump, family, [])

export const decodeSet = (message: Message): Decoded<NftSet> =>
  decoding('set', () => {
    const { family, attributes } = readNft(message)
    const [type, flags] = [attributes.be32(SET.keyType), attributes.be32(SET.flags) ?? 0]
    const key = Object.entries(KEYS).find(([, known]) => known.type === type)?.[0] ?? 'other'
    return {
      family,
      table: attributes.text(SET.table) ?? '',
      set: attributes.text(SET.name) ?? '',
      key: key as NftSet['key'],
      verdicts: attributes.be32(SET.dataType) === VERDICT_TYPE,
      timeouts: (flags & SET_FLAG.timeout) !== 0,
      ...((flags & SET_FLAG.dynamic) !== 0 ? { dynamic: true as const } : {}),
    }
  })

function readElement(bytes: Uint8Array): ListedElement {
  const fields = new Attributes(bytes)
  const [key, last] = [fields.nested(ELEMENT.key)?.bytes(1), fields.nested(ELEMENT.keyEnd)?.bytes(1)]
  const data = fields.nested(ELEMENT.data)
  const [verdict, timeoutMs, leftMs] = [
    data && readVerdict(data),
    fields.be64(ELEMENT.timeout),
    fields.be64(ELEMENT.expiration),
  ]
  return {
    key: key ? new Uint8Array(key) : new Uint8Array(),
    ...(verdict ? { verdict } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(leftMs === undefined ? {} : { leftMs }),
    ...(((fields.be32(ELEMENT.flags) ?? 0) & RANGE_END) !== 0 ? { end: true as const } : {}),
    ...(last ? { last: new Uint8Array(last) } : {}),
  }
}

export interface ElementList extends SetName {
  readonly elements: readonly ListedElement[]
}

export const decodeElements = (message: Message): Decoded<ElementList> =>
  decoding('elements', () => {
    const { family, attributes } = readNft(message)
    const list = attributes.nested(LIST.elements)?.entries ?? []
    return {
      family,
      table: attributes.text(LIST.table) ?? '',
      set: attributes.text(LIST.set) ?? '',
      elements: list.map(({ payload }) => readElement(payload)),
    }
  })
