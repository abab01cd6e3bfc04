/** Who somebody is, on the cluster's links: a public key. Everything else in a certificate may be made anew. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'

const digest = (spki: Buffer): string => createHash('sha256').update(spki).digest('hex')

/** SHA-256 of the public key of a certificate (SubjectPublicKeyInfo, DER), in hexadecimal digits. Throws where that is no certificate. */
export const fingerprintOf = (certificate: string | Buffer): string =>
  digest(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }))

/** The same of a public key or of the public half of a private one, PEM. Throws where that is no key. */
export const fingerprintOfKey = (key: string): string =>
  digest(createPublicKey(key).export({ type: 'spki', format: 'der' }))
