/** Files of secrets: one directory of this node, nobody else's eyes, and nothing in them that a request could stumble over. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeCertificates } from '../prober/fixture.ts'
import { SecretFiles } from './secret-files.ts'

const home = mkdtempSync(join(tmpdir(), 'lvsm-secrets-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
const write = (name: string, text: string): void => writeFileSync(join(home, name), text, { mode: 0o600 })
const files = (): SecretFiles => new SecretFiles(home)
const reasonOf = (keys: Readonly<Record<string, unknown>>): string => {
  const read = files().with(keys, 0)
  return read.ok ? `read ${JSON.stringify(read.keys)}` : read.reason
}

test('what stands in a file stands in the place of its name', () => {
  write('mail', 's3cret ä\nmore\n')
  write('token', 'Authorization: Bearer abc\r\n\r\nX-Team: ops\r\n')
  expect(files().with({ user: 'u', 'password-file': 'mail', 'headers-file': 'token' }, 0)).toEqual({
    ok: true,
    keys: {
      user: 'u',
      password: 's3cret ä',
      'secret-headers': ['Authorization: Bearer abc', 'X-Team: ops'],
    },
  })
  expect(files().with({ path: '/' }, 0)).toEqual({ ok: true, keys: { path: '/' } })
})

test.each([
  ['/etc/shadow', /^the password is not read: .* has no file of such a name$/],
  ['../shadow', /has no file of such a name$/],
  ['.', /has no file of such a name$/],
  ['none', /^the password cannot be read: .*none: there is no such file$/],
])('no other file of root’s is read: %s', (name, reason) => {
  expect(reasonOf({ 'password-file': name })).toMatch(reason)
})
test('a file that others may read is not believed', () => {
  write('open', 'x\n')
  chmodSync(join(home, 'open'), 0o644)
  expect(reasonOf({ 'password-file': 'open' })).toMatch(/^the password is not believed: others may use the secret in/)
  expect(reasonOf({ 'headers-file': 'open' })).toMatch(/^the file of headers is not believed/)
})
test.each([
  ['Host: other.example', 2],
  ['Connection: keep-alive', 2],
  ['Transfer-Encoding: chunked', 2],
  ['Proxy-Connection: close', 2],
  ['s3cret without a name', 2],
  ['X-A: b\rX-C: d', 2],
  ['X-A: \u00e4', 2],
])('a line that no request may have is named by its number, and not repeated: %s', (line, at) => {
  write('headers', `X-Fine: 1\n${line}\n`)
  const reason = reasonOf({ 'headers-file': 'headers' })
  expect(reason).toContain(`line ${at} of ${join(home, 'headers')} is no header that a request may have`)
  expect(reason).not.toContain(line)
})
test('an empty file, and one without an end, are no headers', () => {
  write('empty', '\n\n')
  write('many', 'X-A: b\n'.repeat(17))
  expect(reasonOf({ 'headers-file': 'empty' })).toMatch(/^there is no header in/)
  expect(reasonOf({ 'password-file': 'empty' })).toMatch(/^there is no password in the first line of/)
  expect(reasonOf({ 'headers-file': 'many' })).toMatch(/^there are 17 headers in .*16 at most/)
})
test('a certificate comes as it stands there, with its key', async () => {
  const { good, strange } = await makeCertificates(Date.now())
  const part = (what: string, text = 'MIIB'): string => `-----BEGIN ${what}-----\n${text}\n-----END ${what}-----\n`
  const keys = { 'client-certificate-file': 'prober.pem' }
  for (const text of [`${good.cert}\n${good.key}`, `${good.key}\n${good.cert}`]) {
    write('prober.pem', text)
    expect(files().with({ host: 'a', ...keys }, 0)).toEqual({
      ok: true,
      keys: { host: 'a', 'client-certificate': text },
    })
  }
  write('prober.pem', `${good.cert}\n${strange.key}`)
  expect(reasonOf(keys)).toMatch(/^certificate and key in .*prober.pem do not belong together/)
  write('prober.pem', `${good.cert}\n${part('PRIVATE KEY')}`)
  expect(reasonOf(keys)).toMatch(/^certificate and key in .*prober.pem cannot be read: /)
  write(
    'prober.pem',
    `${good.cert}\n${part('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIIB')}`,
  )
  expect(reasonOf(keys)).toMatch(/^there is no key that is not encrypted in/)
  write('prober.pem', part('CERTIFICATE'))
  expect(reasonOf(keys)).toMatch(/^there is no key that is not encrypted in .*prober.pem: write certificate and key/)
  write('prober.pem', part('EC PRIVATE KEY'))
  expect(reasonOf(keys)).toMatch(/^there is no certificate in/)
})
test('a file that was written anew counts within seconds', () => {
  write('mail', 'old\n')
  const all = files()
  const passwordAt = (now: number): unknown => {
    const read = all.with({ 'password-file': 'mail' }, now)
    return read.ok ? read.keys['password'] : read.reason
  }
  expect(passwordAt(0)).toBe('old')
  write('mail', 'new\n')
  expect(passwordAt(2000)).toBe('new')
})
