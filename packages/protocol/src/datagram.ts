/**
 * One UDP datagram: version, key id, cluster, sender, incarnation, sequence, spread, message, piggybacked, addressee, MAC.
 * The MAC covers every byte before it. Nothing inside is looked at before the MAC was right, but what is needed
 * to choose the key: its id, and the sender's name, which is a claim until then. Every refusal has a reason that is counted and
 * never logged.
 *
 * The addressee comes last, so that a message to many is encoded, and all but the end of it hashed, once.
 */
import type { Heartbeat } from './heartbeat.ts'
import { Malformed, Reader } from './bytes.ts'
import { type Codec, counter, encode, hex, nullable, oneOf, pair, read, struct, text, u16, u8 } from './codec.ts'
import { heartbeatCodec, type Message, messageCodec } from './messages.ts'
import { type Spread, SPREADS } from './spread.ts'
import { ageOf, VERSIONS } from './versions.ts'

/** Larger ones are dropped before anything is read. */
export const MAX_DATAGRAM = 9000

/** What is the same for every addressee. */
export interface Outgoing {
  readonly from: string
  readonly incarnation: string
  readonly sequence: number
  readonly spread: Spread
  readonly message: Message
  /** A heartbeat that goes along, instead of in a datagram of its own. */
  readonly piggybacked: Heartbeat | null
}
export interface Datagram extends Outgoing {
  /** The receiver's incarnation as the sender knows it. */
  readonly to: string | null
}

/** A MAC under way. */
export interface MacState {
  update(bytes: Uint8Array): void
  /** The MAC of all that came so far and of `end`; may be asked again for another end. */
  tag(end: Uint8Array): Uint8Array
}
/**
 * The keys of this node, injected, so that this room needs no cryptography. `peer`: the other node of the two, which the datagram
 * claims to come from, or goes to; a key that all nodes share is the same for each.
 */
export interface Keys {
  /** Length of a key's MAC in bytes; null when there is no such key, or it does not count between these two. */
  macBytes(keyId: number, peer: string): number | null
  /** Null when there is no such key. Ends what was begun with this key before. */
  begin(keyId: number, peer: string): MacState | null
}

export type DropReason = 'short' | 'long' | 'version' | 'key' | 'mac' | 'cluster' | 'kind' | 'malformed'
export type Opened =
  | { readonly ok: true; readonly datagram: Datagram }
  | { readonly ok: false; readonly reason: DropReason }

type Common = Outgoing & { version: number; keyId: number; cluster: string }
const common = struct<Common>({
  version: u8,
  keyId: u16,
  cluster: text,
  from: text,
  incarnation: hex(16),
  sequence: counter,
  spread: oneOf(SPREADS, 'all'),
  message: messageCodec,
  piggybacked: nullable(heartbeatCodec),
})
const addressee: Codec<string | null> = nullable(hex(16))
/** The addressee ends what is signed; what the common part may grow by stands before it. */
export const datagramCodec = pair(common, addressee)
const PREFIX_BYTES = 3
/** Of the cluster's name and the sender's, each with its length. */
const LONGEST_CLAIM = 2 * (2 + 1020)

/** Makes the datagram for one addressee. `own`: the key of this pair of nodes, in place of the one that all share. */
export type Seal = (to: string | null, own?: { readonly keyId: number; readonly peer: string }) => Uint8Array

/**
 * Makes the datagram for each addressee in turn. `shared`: id of the key that all nodes share. Throws only for a key id that the
 * caller does not have: a bug, not input.
 */
export function sealer(outgoing: Outgoing, cluster: string, shared: number, keys: Keys): Seal {
  const head = encode(common, { ...outgoing, version: VERSIONS.datagram.spoken, keyId: shared, cluster })
  let forAll: MacState | null = null
  return (to, own) => {
    const { keyId, peer } = own ?? { keyId: shared, peer: '' }
    head[1] = keyId >> 8
    head[2] = keyId & 0xff
    const state: MacState = (own ? null : forAll) ?? begun(head, keys.begin(keyId, peer), keyId)
    if (!own) forAll = state
    const tail = encode(addressee, to)
    const tag = state.tag(tail)
    const sealed = new Uint8Array(head.length + tail.length + tag.length)
    sealed.set(head)
    sealed.set(tail, head.length)
    sealed.set(tag, head.length + tail.length)
    return sealed
  }
}

function begun(head: Uint8Array, state: MacState | null, keyId: number): MacState {
  if (!state) throw new Error(`no key ${keyId}`)
  state.update(head)
  return state
}

/** Of the key that it says it is signed with: a claim. */
export const keyIdOf = (bytes: Uint8Array): number => ((bytes[1] ?? 0) << 8) | (bytes[2] ?? 0)

export function open(bytes: Uint8Array, cluster: string, keys: Keys): Opened {
  if (bytes.length > MAX_DATAGRAM) return drop('long')
  if (bytes.length < PREFIX_BYTES) return drop('short')
  if (ageOf(bytes[0] ?? 0, VERSIONS.datagram) !== 'known') return drop('version')
  const keyId = keyIdOf(bytes)
  const claimed = claimedBy(bytes)
  const size = keys.macBytes(keyId, claimed)
  if (size === null) return drop('key')
  if (bytes.length <= PREFIX_BYTES + size) return drop('short')
  const signed = bytes.subarray(0, bytes.length - size)
  const tag = keys.begin(keyId, claimed)?.tag(signed)
  if (!tag || !sameBytes(tag, bytes.subarray(bytes.length - size))) return drop('mac')
  const found = read(datagramCodec, signed)
  if (!found.ok) return drop(found.reason === 'unknown-kind' ? 'kind' : 'malformed')
  const [{ from, incarnation, sequence, spread, message, piggybacked, cluster: theirs }, to] = found.value
  if (theirs !== cluster) return drop('cluster')
  // The key was that of whom the claim named.
  if (from !== claimed) return drop('malformed')
  return { ok: true, datagram: { from, incarnation, sequence, spread, to, message, piggybacked } }
}

/** Whom it names as its sender; empty where it names nobody. Read before the MAC, so it costs no more than two short texts. */
function claimedBy(bytes: Uint8Array): string {
  const head = new Reader(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + LONGEST_CLAIM))
  try {
    head.raw(head.u16())
    return text.read(head)
  } catch (error) {
    if (error instanceof Malformed) return ''
    throw error
  }
}

const drop = (reason: DropReason): Opened => ({ ok: false, reason })

/** In time that does not depend on where they differ. */
function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  let difference = left.length ^ right.length
  for (let at = 0; at < left.length; at++) difference |= (left[at] ?? 0) ^ (right[at] ?? 0)
  return difference === 0
}
