/** Checks of type smtp against a mail server as Debian has it (aiosmtpd): well, by TLS, refusing, hung, gone, and something else at its port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { ask, type Certificates, makeCertificates, OWN, Servers } from '../../agent/prober/fixture.ts'
import { eventually } from '../kit/eventually.ts'
import { freePort } from '../kit/free-port.ts'
import { freeze } from '../kit/freeze.ts'

/** Host, port, directory, and how it is. */
const SERVER = `
import asyncio, ssl, sys
from aiosmtpd.controller import Controller
host, port, home, how = sys.argv[1:]
class Sink:
    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if how == 'refusing': return ['421 4.3.2 too many connections']
        if how == 'slow': await asyncio.sleep(60)
        return responses
context = None
if how == 'tls':
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(home + '/mail.crt', home + '/mail.key')
Controller(Sink(), hostname=host, port=int(port), ssl_context=context, ready_timeout=60).start()
sys.stdin.read()
`
const home = mkdtempSync(join(tmpdir(), 'lvsm-smtp-'))
const file = (name: string): string => join(home, name)
const START_MS = 30_000
const others = new Servers()
let mail: ChildProcess | null = null
let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
  writeFileSync(file('mail.py'), SERVER)
  writeFileSync(file('mail.crt'), certificates.good.cert)
  writeFileSync(file('mail.key'), certificates.good.key)
})
afterEach(() => {
  mail?.kill('SIGKILL')
  others.end()
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

async function begin(how: 'well' | 'tls' | 'refusing' | 'slow'): Promise<number> {
  const port = await freePort()
  mail = spawn('/usr/bin/python3', [file('mail.py'), OWN, String(port), home, how], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  await eventually(async () => expect((await ask('connect', port)).ok).toBe(true), START_MS)
  return port
}

test('one that is well greets and answers EHLO', async () => {
  const port = await begin('well')
  expect(await ask('smtp', port)).toMatchObject({ ok: true, reason: expect.stringMatching(/^says "250 /) })
})

test('by TLS, with its certificate; one without TLS is none', async () => {
  const port = await begin('tls')
  const keys = { tls: true, host: 'web.example', ca: certificates.authority.certificate }
  expect(await ask('smtp', port, keys)).toMatchObject({ ok: true })
  expect(await ask('smtp', port, { ...keys, host: 'shop.example' })).toMatchObject({
    ok: false,
    reason: expect.stringContaining('certificate is for another name'),
  })
  expect(await ask('smtp', port, {}, 1000)).toMatchObject({ ok: false })
})

test('one that has too many clients refuses, and is believed', async () => {
  const port = await begin('refusing')
  expect(await ask('smtp', port)).toMatchObject({ ok: false, reason: 'says "421 4.3.2 too many connections"' })
})

test('one that hangs, at once or after its greeting, and one that is gone, is out', async () => {
  const slow = await begin('slow')
  const late = await ask('smtp', slow, {}, 1000)
  expect(late).toMatchObject({ ok: false, reason: expect.stringMatching(/no (?:whole )?answer|within/) })
  await freeze(mail?.pid ?? 0)
  expect(await ask('smtp', slow, {}, 1000)).toMatchObject({ ok: false })
  const child = mail
  const ended = new Promise((resolve) => child?.once('exit', resolve))
  child?.kill('SIGKILL')
  await ended
  expect(await ask('smtp', slow)).toMatchObject({ ok: false, reason: expect.stringContaining('refused') })
})

test('what answers there and is no mail server is not believed: a web server, and one that greets like one', async () => {
  const web = await others.listen(createServer((_, response) => response.end('well')))
  expect(await ask('smtp', web, {}, 1000)).toMatchObject({ ok: false })
  const files = await others.raw((socket) => {
    socket.write('220 files\r\n')
    socket.on('data', () => socket.write('530 Please login with USER and PASS.\r\n'))
  })
  expect(await ask('smtp', files)).toMatchObject({ ok: false, reason: expect.stringContaining('530') })
})
