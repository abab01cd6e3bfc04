/** Who somebody is, on the cluster's links: a public key. Everything else in a certificate may be made anew. */
import { createHash, createPublicKey, X509Certificate } from 'node:crypto'

const digest = (spki: Buffer): string => createHash('sha256').update(spki).digest('hex')

/** SHA-256 of the public key of a certificate (SubjectPublicKeyInfo, DER), in hexadecimal digits. Throws where that is no certificate. */
export const fingerprintOf = (certificate: string | Buffer): string =>
  digest(new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' }))

/** The same of a public key or of the public half of a private one, PEM. Throws where that is no key. */
export const fingerprintOfKey = (key: string): string =>
  digest(createPublicKey(key).export({ type: 'spki', format: 'der' }))

/** The same of a public key from elsewhere; null where it is none that a certificate is made for (ECDSA on P-256). Never throws. */
export function fingerprintOfNodeKey(pem: string): string | null {
  try {
    const key = createPublicKey(pem)
    const isOurs = pem.includes('PUBLIC KEY') && key.asymmetricKeyDetails?.namedCurve === 'prime256v1'
    return isOurs ? digest(key.export({ type: 'spki', format: 'der' })) : null
  } catch {
    return null
  }
}
