/** HMAC (RFC 2104) with each of the cluster's keys; the keyed state is computed once and cloned for each datagram. */
import { hmac } from '@noble/hashes/hmac.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { HeartbeatKey } from '@lvsm/lease'
import type { Keys } from '@lvsm/wire'

const HASHES = { sha256, sha1, md5 }

export function keyring(keys: readonly HeartbeatKey[]): Keys {
  const states = new Map(
    keys.map((key) => [key.id, hmac.create(HASHES[key.algorithm], Uint8Array.from(Buffer.from(key.secret, 'hex')))]),
  )
  return {
    macBytes: (keyId) => states.get(keyId)?.outputLen ?? null,
    begin: (keyId) => states.get(keyId)?.clone() ?? null,
  }
}
