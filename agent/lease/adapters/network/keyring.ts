/**
 * HMAC (RFC 2104) with each key that this node has: those that all nodes share, and those of a pair of nodes. The keyed state is
 * computed once, and copied for each datagram into states that are kept for it: a new one costs six typed arrays, more than the hash
 * of a heartbeat.
 */
import { type HeartbeatKey, type Keys, type LeaseNode, type MacState, type PairKeys } from '@lvsm/protocol'
import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { crc32 } from 'node:zlib'

const HASHES = { sha256, sha1, md5 }
/** What of the library's HMAC object is used here. */
interface Hmac {
  readonly outputLen: number
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
  _cloneInto(to?: Hmac): Hmac
}

/** One key, and what is under way with it. */
interface MacKey {
  readonly bytes: number
  begin(): MacState
}

class KeyedMac implements MacKey, MacState {
  readonly #fresh: Hmac
  #begun: Hmac | undefined
  #ended: Hmac | undefined
  #soFar: Hmac

  constructor(hash: (typeof HASHES)[keyof typeof HASHES], secret: Uint8Array) {
    this.#fresh = hmac.create(hash, secret)
    this.#soFar = this.#fresh
  }
  get bytes(): number {
    return this.#fresh.outputLen
  }
  begin(): this {
    this.#soFar = this.#fresh
    return this
  }
  update(bytes: Uint8Array): void {
    this.#begun = this.#soFar._cloneInto(this.#begun)
    this.#begun.update(bytes)
    this.#soFar = this.#begun
  }
  tag(end: Uint8Array): Uint8Array {
    this.#ended = this.#soFar._cloneInto(this.#ended)
    this.#ended.update(end)
    return this.#ended.digest()
  }
}

/** A checksum of the secret and the content: against slips of the wire, and for nobody who means harm. */
class Checksum implements MacKey, MacState {
  readonly bytes = 4
  readonly #fresh: number
  #soFar: number

  constructor(secret: Uint8Array) {
    this.#fresh = crc32(secret)
    this.#soFar = this.#fresh
  }
  begin(): this {
    this.#soFar = this.#fresh
    return this
  }
  update(bytes: Uint8Array): void {
    this.#soFar = crc32(bytes, this.#soFar)
  }
  tag(end: Uint8Array): Uint8Array {
    const tag = new Uint8Array(this.bytes)
    new DataView(tag.buffer).setUint32(0, crc32(end, this.#soFar))
    return tag
  }
}

function macOf({ algorithm, secret }: HeartbeatKey): MacKey {
  const bytes = Uint8Array.from(Buffer.from(secret, 'hex'))
  return algorithm === 'crc32' ? new Checksum(bytes) : new KeyedMac(HASHES[algorithm], bytes)
}

type Macs = ReadonlyMap<number, MacKey>
const macsOf = (keys: readonly HeartbeatKey[]): Macs => new Map(keys.map((key) => [key.id, macOf(key)]))

/** What counts between this node and one other. */
interface Pair {
  readonly macs: Macs
  /** Of the pairwise key that signs; null: one that all share does. */
  readonly signWith: number | null
  readonly shared: boolean
}
const pairOf = ({ keys, signWith, shared }: PairKeys): Pair => ({
  macs: macsOf(keys.map(({ id, secret }) => ({ id, secret, algorithm: 'sha256' }))),
  signWith: signWith === 0 ? null : signWith,
  shared,
})

export interface Keyring extends Keys {
  /** Id of the pairwise key that signs what goes to a node; null: the one that all share does. */
  signsTo(peer: string): number | null
}

/** Which key it is takes two looks into maps, however many nodes there are. */
export function keyring(
  keys: readonly HeartbeatKey[],
  nodes: readonly Pick<LeaseNode, 'name' | 'pair'>[] = [],
): Keyring {
  const shared = macsOf(keys)
  const pairs = new Map(nodes.flatMap(({ name, pair }) => (pair ? [[name, pairOf(pair)] as const] : [])))
  const find = (keyId: number, peer: string): MacKey | undefined => {
    const pair = pairs.get(peer)
    if (!pair) return shared.get(keyId)
    return pair.macs.get(keyId) ?? (pair.shared ? shared.get(keyId) : undefined)
  }
  return {
    macBytes: (keyId, peer) => find(keyId, peer)?.bytes ?? null,
    begin: (keyId, peer) => find(keyId, peer)?.begin() ?? null,
    signsTo: (peer) => pairs.get(peer)?.signWith ?? null,
  }
}
