/** Limits, and sets that rules add to: a limit for each key, or a key that is remembered for a time. */
import { Attributes, be32, be64, nested, text } from '../attributes.ts'

export interface Limit {
  readonly kind: 'limit'
  readonly perSecond: number
  /** Packets that may come at once. */
  readonly burst: number
  readonly over: boolean
}

export type Dynset =
  /** A limit with a bucket of its own for each key in the register: `add @set { … limit rate … }`. The set is `dynamic`. */
  | { readonly kind: 'meter'; readonly set: string; readonly limit: Limit }
  /** The key in the register is in the set for so long from now on, milliseconds: `update @set { … timeout … }`. The set is `dynamic`. */
  | { readonly kind: 'remember'; readonly set: string; readonly timeoutMs: number }

const REGISTER = 1
const [DYNSET_ADD, DYNSET_UPDATE] = [0, 1]
const SECOND = 1
const LIMIT = { rate: 1, unit: 2, burst: 3, type: 4, flags: 5 } as const
const [PACKETS, INVERTED] = [0, 1]

export const limitFields = ({ perSecond, burst, over }: Limit): Uint8Array[] => [
  be64(LIMIT.rate, perSecond),
  be64(LIMIT.unit, SECOND),
  be32(LIMIT.burst, burst),
  be32(LIMIT.type, PACKETS),
  be32(LIMIT.flags, over ? INVERTED : 0),
]
const meterFields = ({ set, limit }: Extract<Dynset, { kind: 'meter' }>): Uint8Array[] => [
  text(1, set),
  be32(3, DYNSET_ADD),
  be32(4, REGISTER),
  nested(7, text(1, 'limit'), nested(2, ...limitFields(limit))),
]
const rememberFields = ({ set, timeoutMs }: Extract<Dynset, { kind: 'remember' }>): Uint8Array[] => [
  text(1, set),
  be32(3, DYNSET_UPDATE),
  be32(4, REGISTER),
  be64(6, timeoutMs),
]
/** Undefined for bytes, and for another unit of time. */
export function readLimit(fields: Attributes): Limit | undefined {
  if (fields.be64(LIMIT.unit) !== SECOND || fields.be32(LIMIT.type) !== PACKETS) return undefined
  return {
    kind: 'limit',
    perSecond: fields.be64(LIMIT.rate) ?? 0,
    burst: fields.be32(LIMIT.burst) ?? 0,
    over: ((fields.be32(LIMIT.flags) ?? 0) & INVERTED) !== 0,
  }
}

export const dynsetFields = (expression: Dynset): Uint8Array[] =>
  expression.kind === 'meter' ? meterFields(expression) : rememberFields(expression)

/** Undefined for what this package does not write. */
export function readDynset(fields: Attributes): Dynset | undefined {
  const set = fields.text(1) ?? ''
  const [operation, timeoutMs, inner] = [fields.be32(3), fields.be64(6), fields.nested(7)]
  if (operation === DYNSET_UPDATE && timeoutMs !== undefined && !inner) return { kind: 'remember', set, timeoutMs }
  const limit = inner?.text(1) === 'limit' ? readLimit(inner.nested(2) ?? new Attributes(new Uint8Array())) : undefined
  return limit && operation === DYNSET_ADD ? { kind: 'meter', set, limit } : undefined
}
