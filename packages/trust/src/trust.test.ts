import { execFileSync, spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { handshake } from './fixture-handshake.ts'
import {
  FOR_EVER,
  fingerprintOf,
  decodeToken,
  encodeToken,
  fingerprintOfKey,
  fingerprintOfNodeKey,
  type Life,
  makeAuthority,
  makeKeyPair,
  makeTokenId,
  makeTokenSecret,
  signCertificate,
  tokenDigest,
} from './index.ts'

const DAY = 86_400_000
const lasting = (from: number, to: number): Life => ({
  notBefore: new Date(Date.now() + from * DAY),
  notAfter: new Date(Date.now() + to * DAY),
})
async function node() {
  const authority = await makeAuthority('lab')
  const pair = makeKeyPair()
  const certificate = await signCertificate(authority, { name: 'lab', publicKey: pair.publicKey })
  return { authority, pair, certificate }
}

describe('a certificate', () => {
  it('of a node is taken by both sides of TLS, called like its authority or not', async () => {
    expect(await handshake(FOR_EVER)).toBeNull()
  })
  it('of a node has the longest of all lives, no names, and may not sign', async () => {
    const { authority, certificate } = await node()
    for (const text of [authority.certificate, certificate]) {
      const { validFromDate, validToDate } = new X509Certificate(text)
      expect({ notBefore: validFromDate, notAfter: validToDate }).toEqual(FOR_EVER)
      // GeneralizedTime, as RFC 5280, 4.1.2.5 writes it.
      expect(new X509Certificate(text).raw.includes('99991231235959Z')).toBe(true)
    }
    const read = new X509Certificate(certificate)
    expect(read).toMatchObject({ ca: false, subjectAltName: undefined, subject: 'CN=lab' })
    expect(read.verify(createPublicKey(authority.certificate))).toBe(true)
    expect(new X509Certificate(authority.certificate).ca).toBe(true)
  })
  it('that has a life ends with it: it is the dates that let the others through', async () => {
    expect(await handshake(lasting(-2, -1))).toBe('CERT_HAS_EXPIRED')
    expect(await handshake(lasting(1, 2))).toBe('CERT_NOT_YET_VALID')
    expect(await handshake(lasting(-1, 1))).toBeNull()
    expect(await handshake(FOR_EVER, lasting(-2, -1))).toBe('CERT_HAS_EXPIRED')
  })
  it('for browsers has the names that it is given', async () => {
    const authority = await makeAuthority('lab')
    const names = { dns: ['lvsm.example.org'], addresses: ['10.11.0.2', 'fd00::2'] }
    const text = await signCertificate(authority, { name: 'lvsm', publicKey: makeKeyPair().publicKey, names })
    const read = new X509Certificate(text)
    expect(read.checkHost('lvsm.example.org')).toBe('lvsm.example.org')
    expect(read.checkIP('10.11.0.2')).toBe('10.11.0.2')
    expect(read.checkIP('10.11.0.3')).toBeUndefined()
  })
  it('is never the same twice, and a name with signs of every kind stays one name', async () => {
    const authority = await makeAuthority('a=b, c+d')
    const { publicKey } = makeKeyPair()
    const make = async () => new X509Certificate(await signCertificate(authority, { name: 'x, CN=y', publicKey }))
    const [one, two] = [await make(), await make()]
    expect(one.serialNumber).not.toBe(two.serialNumber)
    expect(one.checkIssued(new X509Certificate(authority.certificate))).toBe(true)
    expect(one.subject).toBe('CN=x\\, CN=y')
  })
})

const has = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'lvsm-trust-'))
  onTestFinished(() => rmSync(made, { recursive: true }))
  return made
}
/** Seconds since 1970. */
const TIMES: readonly (readonly [string, number])[] = [
  ['of a machine without a battery', 0],
  ['ten years back', Date.UTC(2016, 0, 1) / 1000],
  ['past 2038', 2 ** 31 + 1],
  ['a hundred years on', Date.UTC(2126, 0, 1) / 1000],
  ['a minute before the end', Date.UTC(9999, 11, 31, 23, 58) / 1000],
]
it.skipIf(!has('openssl')).each(TIMES)('OpenSSL takes it at a time %s', async (_, seconds) => {
  const { authority, certificate } = await node()
  const cwd = folder()
  writeFileSync(join(cwd, 'ca'), authority.certificate)
  writeFileSync(join(cwd, 'node'), certificate)
  const words = ['verify', '-x509_strict', '-purpose', 'sslclient', '-attime', String(seconds), '-CAfile', 'ca', 'node']
  expect(execFileSync('openssl', words, { cwd, encoding: 'utf8' })).toContain('node: OK')
})

/** Stands in for the C library's, which OpenSSL in Node asks. */
const CLOCK =
  '#include <stdlib.h>\nlong time(long *t) { long now = atol(getenv("NOW")); if (t) *t = now; return now; }\n'
describe.skipIf(!has('cc'))('the clock of a machine', () => {
  it('may be wrong by any number of years: Node shakes hands, and what has a life is refused', () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'clock.c'), CLOCK)
    execFileSync('cc', ['-w', '-shared', '-fPIC', '-o', 'clock.so', 'clock.c'], { cwd })
    const LD_PRELOAD = join(cwd, 'clock.so')
    const program = join(import.meta.dirname, 'fixture-handshake.ts')
    const said = TIMES.map(([, seconds]) =>
      execFileSync(process.execPath, [program], { env: { NOW: String(seconds), LD_PRELOAD }, encoding: 'utf8' }).trim(),
    )
    const [early, late] = ['[null,"CERT_NOT_YET_VALID"]', '[null,"CERT_HAS_EXPIRED"]']
    expect(said).toEqual([early, early, late, late, late])
  })
})

describe('a fingerprint', () => {
  it('is of the public key alone: the same for every certificate of it, and for its private half', async () => {
    const { authority, pair, certificate } = await node()
    const again = await signCertificate(authority, { name: 'other', publicKey: pair.publicKey })
    const other = await signCertificate(await makeAuthority('other'), { name: 'other', publicKey: pair.publicKey })
    const all = [
      fingerprintOf(certificate),
      fingerprintOf(again),
      fingerprintOf(other),
      fingerprintOfKey(pair.privateKey),
    ]
    expect(new Set(all).size).toBe(1)
    expect(all[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(fingerprintOf(authority.certificate)).not.toBe(all[0])
  })
  it('of a key from elsewhere is of a public key on P-256, or none', () => {
    const { privateKey, publicKey } = makeKeyPair()
    expect(fingerprintOfNodeKey(publicKey)).toBe(fingerprintOfKey(privateKey))
    const pem = { type: 'spki', format: 'pem' } as const
    const others = [
      generateKeyPairSync('ed25519').publicKey.export(pem),
      generateKeyPairSync('ec', { namedCurve: 'secp384r1' }).publicKey.export(pem),
      generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export(pem),
    ]
    for (const text of [privateKey, 'x', '', ...others]) expect(fingerprintOfNodeKey(String(text))).toBeNull()
  })
})

describe('a token', () => {
  const value = () => ({
    cluster: 'lab',
    pin: 'ab'.repeat(32),
    to: [
      { host: '10.11.0.2', port: 7445 },
      { host: 'fd00::2', port: 7445 },
    ],
    id: makeTokenId(),
    secret: makeTokenSecret(),
  })
  it('is one word, and reads as what it was made of, with blanks around it too', () => {
    const one = value()
    const text = encodeToken(one)
    expect(text).toMatch(/^lvsm\.[\w-]+$/)
    expect(decodeToken(` ${text}\n`)).toEqual(one)
  })
  it('that was cut off, or is none, is none', () => {
    const text = encodeToken(value())
    for (const cut of [text.slice(0, -1), text.slice(0, 40), text.slice(1), '', 'lvsm.', `lvsm.${'e30'.repeat(9000)}`])
      expect(decodeToken(cut)).toBeNull()
    const newer = Buffer.from(JSON.stringify({ v: 2, least: 2, ...value() })).toString('base64url')
    expect(decodeToken(`lvsm.${newer}`)).toBeNull()
  })
  it('has a secret of its own, of which only a digest need be kept', () => {
    const secret = makeTokenSecret()
    expect(secret).toMatch(/^[0-9a-f]{32}$/)
    expect(makeTokenSecret()).not.toBe(secret)
    // From: printf %s 00 | sha256sum
    expect(tokenDigest('00')).toBe('f1534392279bddbf9d43dde8701cb5be14b82f76ec6607bf8d6ad557f60f304e')
  })
})
