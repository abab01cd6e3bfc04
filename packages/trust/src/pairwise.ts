/**
 * Keys that only two nodes have: from the X25519 key pair of the one and the public half of the other (RFC 7748), by HKDF with
 * SHA-256 (RFC 5869). Whoever has one node's secrets can sign as that node, and to that node, and as nobody else to anybody else.
 */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from 'node:crypto'
import { type Half, PAIR_KEY_BYTES } from '@lvsm/protocol'

/** Names this use of the secret, and nothing else may have it. */
const LABEL = 'lvsm heartbeat 1'

export function makeHalf(): Half {
  const { x = '', d = '' } = generateKeyPairSync('x25519').privateKey.export({ format: 'jwk' })
  return { public: digits(x), private: digits(d) }
}

/** A node of the two. */
export interface Party {
  readonly name: string
  /** Public half, hexadecimal digits. */
  readonly public: string
}

/**
 * The key of two nodes in hexadecimal digits, the same on both; null where the other's public half is none, or one of the few with
 * which everybody would know the secret (RFC 7748, 6.1).
 */
export function pairSecret(cluster: string, own: Half & Pick<Party, 'name'>, peer: Party): string | null {
  const shared = agree(own, peer.public)
  if (shared === null) return null
  const info = [LABEL, cluster, ...[own, peer].sort(byName).flatMap((party) => [party.name, party.public])]
  const key = hkdfSync('sha256', shared, '', JSON.stringify(info), PAIR_KEY_BYTES)
  return Buffer.from(key).toString('hex')
}

const byName = (one: Party, other: Party): number => (one.name < other.name ? -1 : 1)

function agree(own: Half, theirs: string): Buffer | null {
  try {
    return diffieHellman({ privateKey: privateOf(own), publicKey: publicOf(theirs) })
  } catch {
    return null
  }
}

const privateOf = (half: Half): KeyObject =>
  createPrivateKey({
    key: { kty: 'OKP', crv: 'X25519', x: base64(half.public), d: base64(half.private) },
    format: 'jwk',
  })
const publicOf = (half: string): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: base64(half) }, format: 'jwk' })

const digits = (text: string): string => Buffer.from(text, 'base64url').toString('hex')
const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64url')
