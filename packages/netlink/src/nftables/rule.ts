/** Rules: expressions in a chain, in order, with a comment that `nft` shows. */
import { attribute, be64, nested, text } from '../attributes.ts'
import { concat, type Decoded, decoding, octets, textOf } from '../bytes.ts'
import { FLAG, type Message } from '../message.ts'
import { encodeExpression, type Expression, readExpression } from './expression.ts'
import type { ChainName } from './table.ts'
import { encodeNft, type Family, MSG, readNft } from './types.ts'

const RULE = { table: 1, chain: 2, handle: 3, expressions: 4, userdata: 7 } as const
const COMMENT = 0

export interface Rule extends ChainName {
  /** The kernel's number of it, for `deleteRule`. */
  readonly handle: number
  readonly expressions: readonly Expression[]
  readonly comment: string
}

/** At the end of its chain. ENOENT when chain, set or jump target is missing; EINVAL, EOPNOTSUPP for expressions. */
export function newRule(
  rule: Pick<Rule, 'family' | 'table' | 'chain' | 'expressions'> & { comment?: string },
): Uint8Array {
  const comment = octets(`${rule.comment ?? ''}\0`).subarray(0, 128)
  return encodeNft(MSG.newRule, FLAG.ack | FLAG.create | FLAG.append, rule.family, [
    text(RULE.table, rule.table),
    text(RULE.chain, rule.chain),
    nested(RULE.expressions, ...rule.expressions.map(encodeExpression)),
    ...(rule.comment ? [attribute(RULE.userdata, concat([Uint8Array.of(COMMENT, comment.length), comment]))] : []),
  ])
}

/** One rule, or without a handle all rules of the chain. */
export const deleteRule = (rule: ChainName & { handle?: number }): Uint8Array =>
  encodeNft(MSG.deleteRule, FLAG.ack, rule.family, [
    text(RULE.table, rule.table),
    text(RULE.chain, rule.chain),
    ...(rule.handle === undefined ? [] : [be64(RULE.handle, rule.handle)]),
  ])

/** Of a family, a table, or a chain. */
export const dumpRules = ({ family, table, chain }: { family: Family; table?: string; chain?: string }): Uint8Array =>
  encodeNft(MSG.getRule, FLAG.dump, family, [
    ...(table === undefined ? [] : [text(RULE.table, table)]),
    ...(chain === undefined ? [] : [text(RULE.chain, chain)]),
  ])

/** Tag, length, value; one after the other. */
function readComment(userdata: Uint8Array | undefined): string {
  let rest = userdata ?? new Uint8Array()
  while (rest.length >= 2) {
    const length = rest[1] ?? 0
    if (rest[0] === COMMENT) return textOf(rest.subarray(2, 2 + length))
    rest = rest.subarray(2 + length)
  }
  return ''
}

export const decodeRule = (message: Message): Decoded<Rule> =>
  decoding('rule', () => {
    const { family, attributes } = readNft(message)
    const list = attributes.nested(RULE.expressions)?.entries ?? []
    return {
      family,
      table: attributes.text(RULE.table) ?? '',
      chain: attributes.text(RULE.chain) ?? '',
      handle: attributes.be64(RULE.handle) ?? 0,
      expressions: list.map(({ payload }) => readExpression(payload)),
      comment: readComment(attributes.bytes(RULE.userdata)),
    }
  })
