/** The cluster's certificate authority, and what it signs. PEM in and out. */
import 'reflect-metadata'
import { createPublicKey, randomBytes, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonGeneralNames,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { invariant } from '@lvsm/base'
import { makeKeyPair } from './key-pair.ts'

export interface Authority {
  readonly certificate: string
  /** A secret: who has it can make members of the cluster. */
  readonly privateKey: string
}
export interface Life {
  readonly notBefore: Date
  readonly notAfter: Date
}
/**
 * No clock of a node may cut it off: from the beginning of all clocks to the date that means "no expiration"
 * (RFC 5280, 4.1.2.5). A node is shut out by its key, not by a date.
 */
export const FOR_EVER: Life = { notBefore: new Date(0), notAfter: new Date(Date.UTC(9999, 11, 31, 23, 59, 59)) }

export interface Subject {
  /** Of the certificate, for people who look at it; nobody is known by it. 64 characters at most (RFC 5280, appendix A). */
  readonly name: string
  /** PEM. */
  readonly publicKey: string
  /** For clients that go by names, as browsers do; nodes do not, and their certificates have none. */
  readonly names?: { readonly dns: readonly string[]; readonly addresses: readonly string[] }
  readonly life?: Life
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const LONGEST_NAME = 64

/** A new one: `name` is shown to whoever looks at its certificate. */
export async function makeAuthority(name: string, life: Life = FOR_EVER): Promise<Authority> {
  const { privateKey, publicKey } = makeKeyPair()
  const extensions = [
    // It signs nodes, and no other authority.
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
  ]
  // With more in it than any node's name has: a certificate whose issuer is called like itself would pass for self-signed.
  const subject = [{ O: ['lvsm'] }, ...nameOf(name)]
  const certificate = await issue({ subject, issuer: subject, publicKey, privateKey, life, extensions })
  return { certificate, privateKey }
}

/** For a node's server and client side in TLS. Throws where the authority or the key is none. */
export async function signCertificate(authority: Authority, subject: Subject): Promise<string> {
  const issuer = new X509Certificate(authority.certificate)
  const { dns = [], addresses = [] } = subject.names ?? {}
  const names: JsonGeneralNames = [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...addresses.map((value) => ({ type: 'ip' as const, value })),
  ]
  const extensions = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    await AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ...(names.length > 0 ? [new SubjectAlternativeNameExtension(names)] : []),
  ]
  const { publicKey, life = FOR_EVER } = subject
  const { privateKey } = authority
  return issue({ subject: nameOf(subject.name), issuer: issuer.subject, publicKey, privateKey, life, extensions })
}

interface Issue {
  readonly subject: JsonName
  readonly issuer: JsonName | string
  readonly publicKey: string
  /** Of the issuer. */
  readonly privateKey: string
  readonly life: Life
  readonly extensions: readonly Extension[]
}
async function issue({ subject, issuer, publicKey, privateKey, life, extensions }: Issue): Promise<string> {
  const subjectKey = await publicKeyOf(publicKey)
  const certificate = await X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer,
    ...life,
    publicKey: subjectKey,
    signingKey: await signingKeyOf(privateKey),
    signingAlgorithm: ALGORITHM,
    extensions: [...extensions, await SubjectKeyIdentifierExtension.create(subjectKey)],
  })
  return `${certificate.toString('pem')}\n`
}

const nameOf = (name: string): JsonName => {
  invariant(name.length > 0 && name.length <= LONGEST_NAME, `a name of 1 to ${LONGEST_NAME} characters: ${name}`)
  return [{ CN: [name] }]
}

/** Positive, of 20 octets at most, and unpredictable (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes.toString('hex')
}

const publicKeyOf = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('spki', createPublicKey(pem).export({ type: 'spki', format: 'der' }), ALGORITHM, true, [
    'verify',
  ])

const signingKeyOf = (pem: string): Promise<webcrypto.CryptoKey> =>
  webcrypto.subtle.importKey('pkcs8', derOf(pem), ALGORITHM, false, ['sign'])
const derOf = (pem: string): Buffer => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
