/**
 * HMAC (RFC 2104) with each of the cluster's keys. The keyed state is computed once, and copied for each datagram into
 * states that are kept for it: a new one costs six typed arrays, more than the hash of a heartbeat.
 */
import { type HeartbeatKey, type Keys, type MacState } from '@lvsm/protocol'
import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'

const HASHES = { sha256, sha1, md5 }
/** What of the library's HMAC object is used here. */
interface Hmac {
  readonly outputLen: number
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
  _cloneInto(to?: Hmac): Hmac
}

class KeyedMac implements MacState {
  readonly #fresh: Hmac
  #begun: Hmac | undefined
  #ended: Hmac | undefined
  #soFar: Hmac

  constructor({ algorithm, secret }: HeartbeatKey) {
    this.#fresh = hmac.create(HASHES[algorithm], Uint8Array.from(Buffer.from(secret, 'hex')))
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

export function keyring(keys: readonly HeartbeatKey[]): Keys {
  const macs = new Map(keys.map((key) => [key.id, new KeyedMac(key)]))
  return {
    macBytes: (keyId) => macs.get(keyId)?.bytes ?? null,
    begin: (keyId) => macs.get(keyId)?.begin() ?? null,
  }
}
