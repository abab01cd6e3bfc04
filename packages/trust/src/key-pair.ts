/** Key pairs: ECDSA on P-256, which every OpenSSL and browser of today takes. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'

export interface KeyPair {
  /** PKCS#8, PEM: a secret. */
  readonly privateKey: string
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string
}

export function makeKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  return { privateKey, publicKey }
}

/** The public half of a private key, PEM. Throws where that is no key. */
export const publicKeyOf = (privateKey: string): string =>
  createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
