/** Expressions: the instructions of a rule. They work on registers; ours is always the first. */
import { Attributes, be32, be64, nested, text, u8 } from '../attributes.ts'
import { Malformed, octets } from '../bytes.ts'
import { type Dynset, dynsetFields, type Limit, limitFields, readDynset, readLimit } from './dynset.ts'
import { mssFields, setsMss } from './mss.ts'
import { type Registers, REGISTERS, registersOf } from './target.ts'
import { readVerdict, type Verdict, valueData, verdictData } from './types.ts'

const REGISTER = 1
const VERDICT_REGISTER = 0
const ELEMENT = 1
const IPV4 = 2
const IPV6 = 10
const BASES = ['link', 'network', 'transport'] as const
const OPERATORS = ['eq', 'neq', 'lt', 'lte', 'gt', 'gte'] as const
const META = {
  protocol: 1,
  mark: 3,
  iif: 4,
  oif: 5,
  iifname: 6,
  oifname: 7,
  iiftype: 8,
  nfproto: 15,
  l4proto: 16,
  pkttype: 19,
} as const
const CT = { state: 0, direction: 1, status: 2, mark: 3 } as const
/** Addresses of a connection as its first packet had them (NFT_CT_DST_IP, since Linux 4.17). */
const CT_ORIGINAL = { destinationIpv4: 20, destinationIpv6: 22 } as const
const ORIGINAL = 0

/** Bits of `ct state`; `iifname` and `oifname` compare 16 bytes, padded with zeros. */
export const CT_STATE = { invalid: 1, established: 2, related: 4, new: 8, untracked: 64 } as const

export type Expression =
  | {
      readonly kind: 'payload'
      readonly base: (typeof BASES)[number]
      readonly offset: number
      readonly length: number
    }
  | { readonly kind: 'meta'; readonly key: keyof typeof META }
  /** Writes the register into the packet's metadata: `meta mark set`. */
  | { readonly kind: 'meta-set'; readonly key: 'mark' }
  | { readonly kind: 'ct'; readonly key: keyof typeof CT }
  /** `ct original ip daddr`, `ct original ip6 daddr`. */
  | { readonly kind: 'ct-original'; readonly key: keyof typeof CT_ORIGINAL }
  | { readonly kind: 'cmp'; readonly op: (typeof OPERATORS)[number]; readonly data: Uint8Array }
  | { readonly kind: 'bitwise'; readonly mask: Uint8Array; readonly xor: Uint8Array }
  /** Goes on when the set has the register (or has not); with `verdicts`, does what the map says. */
  | { readonly kind: 'lookup'; readonly set: string; readonly verdicts?: boolean; readonly inverted?: boolean }
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** Into ours, where no other register is named. */
  | { readonly kind: 'load'; readonly data: Uint8Array; readonly register?: number }
  | { readonly kind: 'counter'; readonly packets: number; readonly bytes: number }
  /** Goes on for what is within the rate (a token bucket); with `over`, for what is beyond it. */
  | Limit
  | Dynset
  | { readonly kind: 'masquerade' }
  /** New connections leave with the address in the register as source, of IPv4 unless it is said otherwise; in chains of type nat. */
  | { readonly kind: 'snat'; readonly family?: 'ipv6' }
  /** A copy goes to the neighbour whose address is in the register; families ip and ip6 only. */
  | { readonly kind: 'dup' }
  | { readonly kind: 'notrack' }
  /** Lowers the largest segment that a SYN allows its reader to the register: `tcp option maxseg size set`. Never raises it. */
  | { readonly kind: 'set-mss' }
  /** One that this package does not write. Of iptables (`match`, `target`) and of a named object: what it is called there, and its bytes; of one that sends elsewhere, by which registers. */
  | {
      readonly kind: 'unknown'
      readonly name: string
      readonly called?: string
      readonly info?: Uint8Array
      readonly to?: Registers
    }

const SNAT: Readonly<Record<number, Expression>> = {
  [IPV4]: { kind: 'snat' },
  [IPV6]: { kind: 'snat', family: 'ipv6' },
}
const named = (name: string, ...fields: readonly Uint8Array[]): Uint8Array =>
  nested(ELEMENT, text(1, name), nested(2, ...fields))

export function encodeExpression(expression: Expression): Uint8Array {
  switch (expression.kind) {
    case 'payload':
      return named(
        'payload',
        be32(1, REGISTER),
        be32(2, BASES.indexOf(expression.base)),
        be32(3, expression.offset),
        be32(4, expression.length),
      )
    case 'meta':
    case 'meta-set':
      return named('meta', be32(2, META[expression.key]), be32(expression.kind === 'meta' ? 1 : 3, REGISTER))
    case 'ct':
      return named('ct', be32(2, CT[expression.key]), be32(1, REGISTER))
    case 'ct-original':
      return named('ct', be32(2, CT_ORIGINAL[expression.key]), be32(1, REGISTER), u8(3, ORIGINAL))
    case 'cmp':
      return named('cmp', be32(1, REGISTER), be32(2, OPERATORS.indexOf(expression.op)), valueData(3, expression.data))
    case 'bitwise':
      return named(
        'bitwise',
        be32(1, REGISTER),
        be32(2, REGISTER),
        be32(3, expression.mask.length),
        valueData(4, expression.mask),
        valueData(5, expression.xor),
      )
    case 'lookup':
      return named(
        'lookup',
        text(1, expression.set),
        be32(2, REGISTER),
        ...(expression.verdicts ? [be32(3, VERDICT_REGISTER)] : []),
        ...(expression.inverted ? [be32(5, 1)] : []),
      )
    case 'verdict':
      return named('immediate', be32(1, VERDICT_REGISTER), verdictData(2, expression.verdict))
    case 'load':
      return named('immediate', be32(1, expression.register ?? REGISTER), valueData(2, expression.data))
    case 'counter':
      return named('counter', be64(1, expression.bytes), be64(2, expression.packets))
    case 'limit':
      return named('limit', ...limitFields(expression))
    case 'meter':
    case 'remember':
      return named('dynset', ...dynsetFields(expression))
    case 'masquerade':
      return named('masq')
    case 'snat':
      return named('nat', be32(1, 0), be32(2, expression.family === 'ipv6' ? IPV6 : IPV4), be32(3, REGISTER))
    case 'dup':
      return named('dup', be32(1, REGISTER))
    case 'set-mss':
      return named('exthdr', ...mssFields(REGISTER))
    case 'notrack':
    case 'unknown':
      return named(expression.kind === 'unknown' ? expression.name : expression.kind)
  }
}

const value = (fields: Attributes, type: number): Uint8Array => new Uint8Array(fields.nested(type)?.bytes(1) ?? [])
const keyOf = <T extends string>(table: Readonly<Record<T, number>>, number: number | undefined): T | undefined =>
  (Object.keys(table) as T[]).find((key) => table[key] === number)

const COUNTER = 1
/** NFT_NAT_DNAT. */
const TO_ANOTHER = 1
/** NFT_FIB_RESULT_ADDRTYPE of NFTA_FIB_F_DADDR alone. */
const FIB = { type: 3, destination: 2 } as const
const extension = (name: string, fields: Attributes): Expression => ({
  ...{ kind: 'unknown', name, called: fields.text(1) ?? '' },
  info: new Uint8Array(fields.bytes(3) ?? []),
})
const elsewhere = (name: keyof typeof REGISTERS, fields: Attributes): Expression => ({
  ...{ kind: 'unknown', name },
  to: registersOf(fields, REGISTERS[name]),
})

type Reader = (fields: Attributes) => Expression | undefined

const READERS: Readonly<Record<string, Reader>> = {
  payload(fields) {
    const base = BASES[fields.be32(2) ?? 0]
    return base && fields.bytes(1)
      ? { kind: 'payload', base, offset: fields.be32(3) ?? 0, length: fields.be32(4) ?? 0 }
      : undefined
  },
  meta(fields) {
    const key = keyOf(META, fields.be32(2))
    if (fields.bytes(3)) return key === 'mark' ? { kind: 'meta-set', key } : undefined
    return key && { kind: 'meta', key }
  },
  ct(fields) {
    const original = keyOf(CT_ORIGINAL, fields.be32(2))
    if (original) return fields.u8(3) === ORIGINAL ? { kind: 'ct-original', key: original } : undefined
    const key = keyOf(CT, fields.be32(2))
    return key && { kind: 'ct', key }
  },
  cmp(fields) {
    const op = OPERATORS[fields.be32(2) ?? 0]
    return op && { kind: 'cmp', op, data: value(fields, 3) }
  },
  bitwise: (fields) => ({ kind: 'bitwise', mask: value(fields, 4), xor: value(fields, 5) }),
  lookup: (fields) => ({
    kind: 'lookup',
    set: fields.text(1) ?? '',
    ...(fields.be32(3) === VERDICT_REGISTER ? { verdicts: true } : {}),
    ...(((fields.be32(5) ?? 0) & 1) !== 0 ? { inverted: true } : {}),
  }),
  immediate(fields) {
    const data = fields.nested(2)
    const verdict = data && readVerdict(data)
    if (verdict) return { kind: 'verdict', verdict }
    const register = fields.be32(1) ?? REGISTER
    return { kind: 'load', data: value(fields, 2), ...(register === REGISTER ? {} : { register }) }
  },
  counter: (fields) => ({ kind: 'counter', bytes: fields.be64(1) ?? 0, packets: fields.be64(2) ?? 0 }),
  limit: readLimit,
  dynset: readDynset,
  masq: () => ({ kind: 'masquerade' }),
  nat: (fields) => (fields.be32(1) === TO_ANOTHER ? elsewhere('dnat', fields) : SNAT[fields.be32(2) ?? 0]),
  redir: (fields) => elsewhere('redir', fields),
  tproxy: (fields) => elsewhere('tproxy', fields),
  dup: () => ({ kind: 'dup' }),
  notrack: () => ({ kind: 'notrack' }),
  match: (fields) => extension('match', fields),
  target: (fields) => extension('target', fields),
  fib: (fields) => ({
    ...{ kind: 'unknown', name: 'fib' },
    called: fields.be32(2) === FIB.type && fields.be32(3) === FIB.destination ? 'type of destination' : 'other',
  }),
  objref: (fields) => ({ kind: 'unknown', name: 'objref', called: fields.be32(1) === COUNTER ? 'counter' : 'other' }),
  exthdr: (fields) => (setsMss(fields) ? { kind: 'set-mss' } : undefined),
}

export function readExpression(bytes: Uint8Array): Expression {
  const outer = new Attributes(bytes)
  const name = outer.text(1)
  if (name === undefined) throw new Malformed('an expression without a name')
  const reader = Object.hasOwn(READERS, name) ? READERS[name] : undefined
  return reader?.(outer.nested(2) ?? new Attributes(new Uint8Array())) ?? { kind: 'unknown', name }
}

/** An interface's name as `iifname` and `oifname` have it. */
export function ifnameKey(name: string): Uint8Array {
  const bytes = new Uint8Array(16)
  bytes.set(octets(name).subarray(0, 15))
  return bytes
}
