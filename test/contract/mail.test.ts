/** Alerts by mail through a relay that wants a login: aiosmtpd, as Debian has it, with each way to log in, and without TLS. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { SecretFiles } from '../../agent/node/secret-files.ts'
import { DELIVERIES } from '../../agent/prober/alerts/index.ts'
import { attempt } from '../../agent/prober/attempt.ts'
import { ask, type Certificates, makeCertificates, OWN } from '../../agent/prober/fixture.ts'
import { eventually } from '../kit/eventually.ts'
import { freePort } from '../kit/free-port.ts'

const SLOW_MS = 30_000
const PASSWORD = 's3cret ä"\\'
/** Host, port, directory, with TLS or without, ways that it does not offer. */
const RELAY = `
import json, ssl, sys
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
host, port, home, tls, *excluded = sys.argv[1:]
class Sink:
    async def handle_DATA(self, server, session, envelope):
        with open(home + '/mails', 'a') as file:
            mail = {'from': envelope.mail_from, 'to': envelope.rcpt_tos, 'hidden': session.ssl is not None,
                    'login': session.auth_data.login.decode(), 'text': envelope.content.decode()}
            file.write(json.dumps(mail) + chr(10))
        return '250 stored'
def login(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and data.login == b'lvsm'
    right = known and data.password.decode() == open(home + '/right').read()
    return AuthResult(success=right, handled=False, auth_data=data)
context = None
if tls == 'tls':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home + '/relay.crt', home + '/relay.key')
Controller(Sink(), hostname=host, port=int(port), tls_context=context, require_starttls=context is not None, authenticator=login,
           auth_required=True, auth_require_tls=context is not None, auth_exclude_mechanism=excluded).start()
sys.stdin.read()
`
const home = mkdtempSync(join(tmpdir(), 'lvsm-mail-'))
const file = (name: string): string => join(home, name)
let relay: ChildProcess | null = null
let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
  writeFileSync(file('relay.py'), RELAY)
  writeFileSync(file('right'), PASSWORD)
  writeFileSync(file('relay.crt'), certificates.good.cert)
  writeFileSync(file('relay.key'), certificates.good.key)
  writeFileSync(file('password'), `${PASSWORD}\nnot this\n`, { mode: 0o600 })
})
afterEach(() => {
  relay?.kill('SIGKILL')
  rmSync(file('mails'), { force: true })
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

async function begin(tls: 'tls' | 'plain', ...excluded: readonly string[]): Promise<number> {
  const port = await freePort()
  const words = [file('relay.py'), OWN, String(port), home, tls, ...excluded]
  relay = spawn('/usr/bin/python3', words, { stdio: ['pipe', 'ignore', 'inherit'] })
  await eventually(async () => expect((await ask('connect', port)).ok).toBe(true), SLOW_MS)
  return port
}
interface How {
  readonly ok: boolean | null
  readonly reason: string
}
function tell(port: number, more: Readonly<Record<string, unknown>> = {}): Promise<How> {
  const written = { 'password-file': 'password', user: 'lvsm', server: OWN, port, from: 'lvsm@a.example' }
  const read = new SecretFiles(home).with(
    { ...written, to: ['ops@a.example'], subject: 'x', text: 'it failed\n', id: '1', ...more },
    0,
  )
  if (!read.ok) return Promise.resolve({ ok: false, reason: read.reason })
  const job = { id: 1, probe: 'alert-mail', keys: read.keys, address: '', port: 0, source: null, timeoutMs: 20_000 }
  return new Promise((resolve) => attempt(DELIVERIES['alert-mail'], job, (ok, reason) => resolve({ ok, reason })))
}
const mails = (): unknown[] =>
  existsSync(file('mails'))
    ? readFileSync(file('mails'), 'utf8')
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line))
    : []

test.each([
  ['PLAIN', 'tls', []],
  ['LOGIN', 'tls', ['PLAIN']],
  ['PLAIN on this machine', 'plain', []],
] as const)('by %s, over %s', async (_, tls, excluded) => {
  const port = await begin(tls, ...excluded)
  expect(await tell(port)).toEqual({ ok: true, reason: '250 stored' })
  expect(mails()).toMatchObject([
    {
      from: 'lvsm@a.example',
      to: ['ops@a.example'],
      login: 'lvsm',
      hidden: tls === 'tls',
      text: expect.stringContaining('it failed'),
    },
  ])
})

test.each([
  ['PLAIN', []],
  ['LOGIN', ['PLAIN']],
] as const)('a wrong password by %s is said, and is in no reason', async (_, excluded) => {
  const port = await begin('tls', ...excluded)
  writeFileSync(file('wrong'), 'let-me-in\n', { mode: 0o600 })
  const { ok, reason } = await tell(port, { 'password-file': 'wrong' })
  expect([ok, reason]).toEqual([false, expect.stringMatching(/^the server says "535 .*" to the login of lvsm$/)])
  expect(reason).not.toContain('let-me-in')
  expect(reason).not.toContain(Buffer.from('let-me-in').toString('base64'))
  expect(mails()).toEqual([])
})

test('a relay that wants a login takes nothing without one, and says so', async () => {
  const port = await begin('tls')
  expect(await tell(port, { user: undefined, 'password-file': undefined })).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^the server says "530 .*" to MAIL FROM/),
  })
})

test('one that offers no way that is known here is named with those that it has', async () => {
  const port = await begin('tls', 'PLAIN', 'LOGIN')
  expect(await tell(port)).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^the server offers no way to log in/),
  })
})

test('a file that others may read, that is empty or missing: nobody is asked', async () => {
  chmodSync(file('password'), 0o644)
  writeFileSync(file('empty'), '\nsecond\n', { mode: 0o600 })
  const all = await Promise.all(['password', 'empty', 'none'].map((name) => tell(1, { 'password-file': name })))
  chmodSync(file('password'), 0o600)
  expect(all.map(({ ok }) => ok)).toEqual([false, false, false])
  expect(all[1]?.reason).toMatch(/^there is no password in the first line/)
  expect(all[2]?.reason).toMatch(/^the password cannot be read: .*none/)
})
