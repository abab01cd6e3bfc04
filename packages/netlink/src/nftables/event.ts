/** What the kernel tells subscribers of nf_tables: every change, then the generation with the process that made it. */
import { type Decoded, decoding, Malformed } from '../bytes.ts'
import type { Message } from '../message.ts'
import { decodeRule, type Rule } from './rule.ts'
import { decodeElements, decodeSet, type ElementList, type NftSet } from './set.ts'
import { type Chain, decodeChain, decodeTable, type Table } from './table.ts'
import { MSG, readNft } from './types.ts'

type Change = 'new' | 'deleted'

export type NftEvent =
  | { readonly kind: 'table'; readonly change: Change; readonly table: Table }
  | { readonly kind: 'chain'; readonly change: Change; readonly chain: Chain }
  | { readonly kind: 'rule'; readonly change: Change; readonly rule: Rule }
  | { readonly kind: 'set'; readonly change: Change; readonly set: NftSet }
  | { readonly kind: 'elements'; readonly change: Change; readonly elements: ElementList }
  /** The end of one transaction; `process` is the writer's name, `pid` its number. */
  | { readonly kind: 'generation'; readonly id: number; readonly pid: number; readonly process: string }
  | { readonly kind: 'other'; readonly type: number }

const value = <T>(decoded: Decoded<T>): T => {
  if (!decoded.ok) throw new Malformed(decoded.error)
  return decoded.value
}

/** Elements that run out are not announced. */
export const decodeEvent = (message: Message): Decoded<NftEvent> =>
  decoding('nf_tables event', (): NftEvent => {
    const { type, attributes } = readNft(message)
    const change = (fresh: number): Change => (type === fresh ? 'new' : 'deleted')
    switch (type) {
      case MSG.newTable:
      case MSG.deleteTable:
        return { kind: 'table', change: change(MSG.newTable), table: value(decodeTable(message)) }
      case MSG.newChain:
      case MSG.deleteChain:
        return { kind: 'chain', change: change(MSG.newChain), chain: value(decodeChain(message)) }
      case MSG.newRule:
      case MSG.deleteRule:
        return { kind: 'rule', change: change(MSG.newRule), rule: value(decodeRule(message)) }
      case MSG.newSet:
      case MSG.deleteSet:
        return { kind: 'set', change: change(MSG.newSet), set: value(decodeSet(message)) }
      case MSG.newElement:
      case MSG.deleteElement:
        return { kind: 'elements', change: change(MSG.newElement), elements: value(decodeElements(message)) }
      case MSG.newGeneration:
        return {
          kind: 'generation',
          id: attributes.be32(1) ?? 0,
          pid: attributes.be32(2) ?? 0,
          process: attributes.text(3) ?? '',
        }
      default:
        return { kind: 'other', type }
    }
  })
