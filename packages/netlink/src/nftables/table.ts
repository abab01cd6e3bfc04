/** Tables and chains of nf_tables. */
import { attribute, be32, nested, text } from '../attributes.ts'
import { type Decoded, decoding, octets } from '../bytes.ts'
import { FLAG, type Message } from '../message.ts'
import { encodeNft, type Family, MSG, readNft, type TableName } from './types.ts'

const TABLE = { name: 1, flags: 2, userdata: 6 } as const
const CHAIN = { table: 1, handle: 2, name: 3, hook: 4, policy: 5, type: 7 } as const
/** Its chains are not asked while it stands there. */
const DORMANT = 1
const HOOK_FIELD = { number: 1, priority: 2, device: 3 } as const

export interface Hook {
  /** HOOK of the family. */
  readonly number: number
  /** Lower runs first; -300 raw, 0 filter, 300 last. */
  readonly priority: number
  /** netdev only: the interface's name. */
  readonly device?: string
}

export interface ChainName extends TableName {
  readonly chain: string
}

export interface Chain extends ChainName {
  /** Present on base chains. */
  readonly hook?: Hook
  readonly type?: 'filter' | 'nat' | 'route'
  readonly policy?: 'accept' | 'drop'
}

export interface Table extends TableName {
  /** Somebody switched it off: all of it is there, and none of it works. */
  readonly dormant?: true
}

/** Makes it unless it is there; `dormant` also switches one that is there off, and its absence on again. With `exclusive`, EEXIST when it is. */
export const newTable = ({ family, table, dormant }: Table, { exclusive = false } = {}): Uint8Array =>
  encodeNft(MSG.newTable, FLAG.ack | FLAG.create | (exclusive ? FLAG.exclusive : 0), family, [
    text(TABLE.name, table),
    be32(TABLE.flags, dormant ? DORMANT : 0),
  ])

/** ENOENT when it is not there. */
export const getTable = ({ family, table }: TableName): Uint8Array =>
  encodeNft(MSG.getTable, FLAG.ack, family, [text(TABLE.name, table)])

/** With everything in it. ENOENT. */
export const deleteTable = ({ family, table }: TableName): Uint8Array =>
  encodeNft(MSG.deleteTable, FLAG.ack, family, [text(TABLE.name, table)])

export const dumpTables = (family: Family = 'any'): Uint8Array => encodeNft(MSG.getTable, FLAG.dump, family, [])

function hookAttribute(hook: Hook): Uint8Array {
  const device = hook.device === undefined ? [] : [text(HOOK_FIELD.device, hook.device)]
  return nested(
    CHAIN.hook,
    be32(HOOK_FIELD.number, hook.number),
    be32(HOOK_FIELD.priority, hook.priority >>> 0),
    ...device,
  )
}

/** A base chain with a hook, else one to jump to. EOPNOTSUPP or ENOENT where the kernel lacks type or hook. */
export function newChain(chain: Chain): Uint8Array {
  const parts = [text(CHAIN.table, chain.table), text(CHAIN.name, chain.chain)]
  if (chain.hook) {
    parts.push(attribute(CHAIN.type, octets(`${chain.type ?? 'filter'}\0`)), hookAttribute(chain.hook))
    parts.push(be32(CHAIN.policy, chain.policy === 'drop' ? 0 : 1))
  }
  return encodeNft(MSG.newChain, FLAG.ack | FLAG.create, chain.family, parts)
}

/** EBUSY while something jumps to it or a rule is in it. */
export const deleteChain = ({ family, table, chain }: ChainName): Uint8Array =>
  encodeNft(MSG.deleteChain, FLAG.ack, family, [text(CHAIN.table, table), text(CHAIN.name, chain)])

/** ENOENT when it is not there. */
export const getChain = ({ family, table, chain }: ChainName): Uint8Array =>
  encodeNft(MSG.getChain, FLAG.ack, family, [text(CHAIN.table, table), text(CHAIN.name, chain)])

export const dumpChains = (family: Family = 'any'): Uint8Array => encodeNft(MSG.getChain, FLAG.dump, family, [])

export const decodeTable = (message: Message): Decoded<Table> =>
  decoding('table', () => {
    const { family, attributes } = readNft(message)
    const dormant = ((attributes.be32(TABLE.flags) ?? 0) & DORMANT) !== 0
    return { family, table: attributes.text(TABLE.name) ?? '', ...(dormant ? { dormant } : {}) }
  })

export const decodeChain = (message: Message): Decoded<Chain> =>
  decoding('chain', () => {
    const { family, attributes } = readNft(message)
    const name = { family, table: attributes.text(CHAIN.table) ?? '', chain: attributes.text(CHAIN.name) ?? '' }
    const hook = attributes.nested(CHAIN.hook)
    if (!hook) return name
    const device = hook.text(HOOK_FIELD.device)
    return {
      ...name,
      hook: {
        number: hook.be32(HOOK_FIELD.number) ?? 0,
        priority: (hook.be32(HOOK_FIELD.priority) ?? 0) | 0,
        ...(device === undefined ? {} : { device }),
      },
      type: (attributes.text(CHAIN.type) ?? 'filter') as NonNullable<Chain['type']>,
      policy: attributes.be32(CHAIN.policy) === 0 ? 'drop' : 'accept',
    }
  })
