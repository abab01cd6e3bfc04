/** What a rule drops, as far as its expressions say it in the words that `nft` and iptables-nft write; the rest is only known to be asked for. */
import { covers } from '@lvsm/base'
import { formatInet } from '../inet.ts'
import type { Expression } from './expression.ts'
import { isLocalMatch, isLocalType, isTypeOfDestination, notByOf } from './local.ts'
import type { Rule } from './rule.ts'
import { type Target, targetOfIptables, targetOfNft } from './target.ts'

export interface Dropped {
  /** An address, or a network: `10.12.0.0/24`. */
  readonly source?: string
  readonly destination?: string
  /** IANA's number. */
  readonly protocol?: number
  readonly sourcePort?: number
  readonly port?: number
  /** Of one family alone, in a table of both. */
  readonly only?: 'ip' | 'ip6'
  /** Whatever address of this machine it is for. */
  readonly local?: true
  /** Not what comes in by this interface. */
  readonly notBy?: string
  /** It asks for more than is named here. */
  readonly more: boolean
  /** Null: nobody counts. */
  readonly packets: number | null
}

export type Found = { -readonly [Key in keyof Dropped]?: Dropped[Key] }
const numberOf = (data: Uint8Array): number => data.reduce((sum, byte) => sum * 256 + byte, 0)
const inet =
  (key: 'source' | 'destination') =>
  (data: Uint8Array): Found => ({ [key]: formatInet(data) })
const PLACES: Readonly<Record<string, (data: Uint8Array) => Found>> = {
  'network 12 4': inet('source'),
  'network 16 4': inet('destination'),
  'network 8 16': inet('source'),
  'network 24 16': inet('destination'),
  'network 9 1': (data) => ({ protocol: numberOf(data) }),
  'transport 0 2': (data) => ({ sourcePort: numberOf(data) }),
  'transport 2 2': (data) => ({ port: numberOf(data) }),
}

/** Of the header of IPv4 (RFC 791) and of IPv6 (RFC 8200): offset → whose address, and its bytes. */
const ADDRESSES: Readonly<Record<number, { readonly key: 'source' | 'destination'; readonly bytes: number }>> = {
  12: { key: 'source', bytes: 4 },
  16: { key: 'destination', bytes: 4 },
  8: { key: 'source', bytes: 16 },
  24: { key: 'destination', bytes: 16 },
}
/** The first bytes of an address, as `nft` asks for a network of whole bytes; or all of it under a mask. One byte at 8 is the TTL of IPv4. */
function networkAt(loaded: Expression | undefined, data: Uint8Array, length = 8 * data.length): Found | null {
  if (loaded?.kind !== 'payload' || loaded.base !== 'network' || (loaded.offset === 8 && loaded.length === 1))
    return null
  const place = ADDRESSES[loaded.offset]
  if (!place || loaded.length > place.bytes || data.length !== loaded.length) return null
  const whole = new Uint8Array(place.bytes)
  whole.set(data)
  return { [place.key]: `${formatInet(whole)}${length === 8 * place.bytes ? '' : `/${length}`}` }
}
/** Bits of a mask that leaves a network; null: it is none. */
function maskedBits({ mask, xor }: Extract<Expression, { kind: 'bitwise' }>): number | null {
  const bits = [...mask].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const length = bits.lastIndexOf('1') + 1
  return length === 0 || bits.slice(0, length).includes('0') || xor.some((byte) => byte !== 0) ? null : length
}
/** What the comparison at that place asks for, of an address under a mask; null: nothing of that kind. */
function networkUnder(expressions: Rule['expressions'], at: number): Found | null {
  const [loaded, masked, one] = [expressions[at - 2], expressions[at - 1], expressions[at]]
  if (masked?.kind !== 'bitwise' || one?.kind !== 'cmp' || one.op !== 'eq') return null
  const length = maskedBits(masked)
  return length === null ? null : networkAt(loaded, one.data, length)
}

/** AF_INET and AF_INET6; of Ethernet (RFC 894, RFC 2464). */
const FAMILIES: Readonly<Record<number, 'ip' | 'ip6'>> = { 2: 'ip', 10: 'ip6', [0x08_00]: 'ip', [0x86_dd]: 'ip6' }
/** What is compared with what was loaded before it; null: nobody knows here. */
function compared(loaded: Expression | undefined, { op, data }: Extract<Expression, { kind: 'cmp' }>): Found | null {
  const notBy = notByOf(loaded, { op, data })
  if (notBy !== null) return { notBy }
  if (op !== 'eq') return null
  if (isTypeOfDestination(loaded)) return isLocalType(data) ? { local: true } : null
  if (loaded?.kind === 'meta') {
    if (loaded.key === 'l4proto') return { protocol: numberOf(data) }
    const only = loaded.key === 'nfproto' || loaded.key === 'protocol' ? FAMILIES[numberOf(data)] : undefined
    return only ? { only } : null
  }
  return placeOf(loaded)?.(data) ?? networkAt(loaded, data)
}
/** What a place of a packet is called, and how it is read; undefined: it has no name here. */
export const placeOf = (loaded: Expression | undefined): ((data: Uint8Array) => Found) | undefined =>
  loaded?.kind === 'payload' ? PLACES[`${loaded.base} ${loaded.offset} ${loaded.length}`] : undefined

/** Null: it accepts nothing. */
export const acceptedBy = ({ expressions }: Pick<Rule, 'expressions'>): Dropped | null =>
  expressions.some((one) => one.kind === 'verdict' && one.verdict.verdict === 'accept') ? askedBy(expressions) : null

/**
 * May what was accepted before be of the same traffic: all that the rule that drops names, and perhaps more; or an end of it, or what nobody
 * understands here (an interface, a mark), whoever sends it? A rule that drops is meant for the others then.
 */
export const isBehind = (dropped: Dropped, accepted: Dropped): boolean => {
  const named = NAMES.filter((name) => dropped[name] !== undefined)
  if (named.length === 0) return false
  if (named.every((name) => meets(accepted[name], dropped[name]))) return true
  const isBoth = NAMES.every(
    (name) => accepted[name] === undefined || meets(accepted[name], dropped[name] ?? accepted[name]),
  )
  // All that matter may be in a network.
  const ofAnyone = (accepted.source ?? '/').includes('/') && accepted.sourcePort === undefined
  return isBoth && ofAnyone && (dropped.protocol !== undefined || !ICMP.has(accepted.protocol))
}
/** The same; of two networks the one may be a part of the other. */
const meets = (one: string | number | undefined, other: string | number | undefined): boolean =>
  one === other || (typeof one === 'string' && typeof other === 'string' && (covers(one, other) || covers(other, one)))
/** Who lets pings in lets nobody else in. */
const ICMP: ReadonlySet<number | undefined> = new Set([1, 58])
export const NAMES = ['source', 'destination', 'protocol', 'sourcePort', 'port'] as const

/** Null: it drops nothing. A rule that refuses with an answer (reject), or sends elsewhere, counts as one that drops. */
export function droppedBy({ expressions }: Pick<Rule, 'expressions'>): Dropped | null {
  const ends = expressions.some(
    (one) => (one.kind === 'verdict' && one.verdict.verdict === 'drop') || isRefusal(one) || isRedirect(one),
  )
  return ends ? askedBy(expressions) : null
}

export function askedBy(expressions: Rule['expressions']): Dropped {
  const found: Found = {}
  let [more, packets] = [false, null as number | null]
  for (const [at, one] of expressions.entries()) {
    if (one.kind === 'counter') ({ packets } = one)
    else if (one.kind === 'cmp') {
      const said = networkUnder(expressions, at) ?? compared(expressions[at - 1], one)
      if (said === null) more = true
      else Object.assign(found, said)
    } else if (isLocalMatch(one)) found.local = true
    else if (one.kind === 'bitwise') more ||= networkUnder(expressions, at + 1) === null
    else if (!PASSIVE.has(one.kind) && !isRefusal(one) && !isRedirect(one) && !isPassive(one)) more = true
  }
  return { ...found, more, packets }
}
/** They load what is compared, or end the rule. */
const PASSIVE: ReadonlySet<Expression['kind']> = new Set(['payload', 'meta', 'verdict', 'notrack', 'load'])
/** They write it down, or count it. */
const isPassive = (one: Expression): boolean =>
  one.kind === 'unknown' &&
  (one.name === 'log' ||
    (one.name === 'objref' && one.called === 'counter') ||
    (one.name === 'fib' && isTypeOfDestination(one)) ||
    (one.name === 'match' && one.called === 'comment'))
/** With an answer: of nft, and of iptables. */
export const isRefusal = (one: Expression): boolean =>
  one.kind === 'unknown' && (one.name === 'reject' || (one.name === 'target' && one.called === 'REJECT'))
/** To another address or port (DNAT), or to this machine (REDIRECT, TPROXY): of nft, and of iptables. */
export const isRedirect = (one: Expression): boolean =>
  one.kind === 'unknown' && (ELSEWHERE.has(one.name) || (one.name === 'target' && TARGETS.has(one.called)))
/** Where to; null: it sends nothing elsewhere, or that has no one answer. */
export function targetOf({ expressions, family }: Pick<Rule, 'expressions' | 'family'>): Target | null {
  const at = expressions.findIndex(isRedirect)
  const one = expressions[at]
  if (one?.kind !== 'unknown') return null
  if (one.name === 'target') return targetOfIptables(one.called, one.info ?? new Uint8Array(), family)
  const loaded = new Map<number, Uint8Array>()
  for (const before of expressions.slice(0, at)) {
    if (before.kind === 'load') loaded.set(before.register ?? 1, before.data)
    else loaded.clear()
  }
  return targetOfNft(one.name, one.to ?? {}, loaded)
}
const ELSEWHERE: ReadonlySet<string> = new Set(['dnat', 'redir', 'tproxy'])
const TARGETS: ReadonlySet<string | undefined> = new Set(['DNAT', 'REDIRECT', 'TPROXY'])
/** To a program, or to a proxy: that may let it in. */
export const isHandover = (one: Expression): boolean =>
  one.kind === 'unknown' &&
  (one.name === 'queue' || one.name === 'synproxy' || (one.name === 'target' && HANDOVERS.has(one.called)))
const HANDOVERS: ReadonlySet<string | undefined> = new Set(['NFQUEUE', 'SYNPROXY'])
