/** Checks against servers as Debian has them: nginx by HTTP/1.1, HTTP/2 and TLS, redis; well, with a certificate that is over, and hung. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask, type Certificates, explained, makeCertificates, OWN } from '../../agent/prober/fixture.ts'
import { eventually } from '../kit/eventually.ts'
import { freeze } from '../kit/freeze.ts'

const home = mkdtempSync(join(tmpdir(), 'lvsm-servers-'))
const children: ChildProcess[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
})

/** One that nobody has now. */
const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, OWN, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
function start(program: string, ...words: readonly string[]): ChildProcess {
  const child = spawn(program, words, { cwd: home, stdio: ['ignore', 'ignore', 'inherit'] })
  children.push(child)
  return child
}

let certificates: Certificates
let [nginx, redis]: (ChildProcess | null)[] = [null, null]
const ports = { plain: 0, good: 0, over: 0, redis: 0, locked: 0 }

function serverOf(port: number, name: 'good' | 'over'): string {
  writeFileSync(join(home, `${name}.crt`), certificates[name].cert)
  writeFileSync(join(home, `${name}.key`), certificates[name].key)
  return `server { listen ${OWN}:${port} ssl http2; ssl_certificate ${name}.crt; ssl_certificate_key ${name}.key; location / { return 200 "well\\n"; } }`
}

beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
  for (const name of Object.keys(ports) as (keyof typeof ports)[]) ports[name] = await freePort()
  const configuration = `daemon off; master_process off; pid nginx.pid; error_log error.log;
    events {}
    http {
      access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
      server { listen ${OWN}:${ports.plain}; location / { return 200 "well\\n"; } location /gone { return 503; } }
      ${serverOf(ports.good, 'good')}
      ${serverOf(ports.over, 'over')}
    }`
  writeFileSync(join(home, 'nginx.conf'), configuration)
  nginx = start('/usr/sbin/nginx', '-p', home, '-c', join(home, 'nginx.conf'))
  const words = ['--bind', OWN, '--save', '', '--dir', home, '--logfile', join(home, 'redis.log')]
  redis = start('redis-server', '--port', `${ports.redis}`, ...words)
  start('redis-server', '--port', `${ports.locked}`, '--requirepass', 'secret', ...words)
  for (const port of Object.values(ports))
    await eventually(async () => expect((await ask('connect', port)).ok).toBe(true), 30_000)
})

test.each([
  ['http', 'plain', { body: '^well' }, true, /the page that is wanted/],
  ['http', 'plain', { path: '/gone' }, false, /status 503/],
  ['https', 'good', { body: '^well' }, true, /the page that is wanted/],
  ['https', 'good', { body: '^well', http2: true }, true, /the page that is wanted/],
  ['https', 'good', { host: 'shop.example' }, false, /certificate is for another name/],
  ['https', 'over', {}, false, /^its certificate is over/],
  ['https', 'over', { http2: true }, false, /^its certificate is over/],
  ['https', 'over', { verify: false }, true, /status 200/],
  ['tls', 'over', {}, false, /^its certificate is over/],
  ['tls', 'plain', {}, false, /does not speak TLS/],
  ['redis', 'redis', {}, true, /PONG/],
  ['redis', 'locked', {}, true, /NOAUTH/],
  ['redis', 'plain', {}, false, /HTTP/],
] as const)('%s of the %s one with %j: %j', async (probe, name, keys, ok, reason) => {
  const trusting = { host: 'web.example', ca: certificates.authority.certificate }
  const all =
    probe === 'redis' || name === 'plain' ? { ...(probe === 'tls' ? trusting : {}), ...keys } : { ...trusting, ...keys }
  expect(await ask(probe, ports[name], all, 10_000)).toEqual({ ok, reason: expect.stringMatching(reason) })
})

test('what nginx says is told step by step, its certificate too', async () => {
  const keys = { host: 'web.example', ca: certificates.authority.certificate }
  const { steps } = await explained('https', ports.good, keys)
  expect(steps.map((step) => step.split(' ')[0])).toEqual(['connected', 'tls', 'certificate', 'sent', 'received'])
  expect(steps[4]).toMatch(/^received HTTP\/1\.1 200 OK\\r\\nServer: nginx/)
})

test('a server that hangs accepts connections, and fails; it goes on', async () => {
  for (const [child, probe, port, reason] of [
    [nginx, 'http', ports.plain, /does not answer the request within 500 ms/],
    [redis, 'redis', ports.redis, /says nothing that is wanted within 500 ms/],
  ] as const) {
    await freeze(child?.pid ?? 0)
    expect((await ask('connect', port)).ok).toBe(true)
    expect(await ask(probe, port, {}, 500)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
    child?.kill('SIGCONT')
    expect((await ask(probe, port, {}, 10_000)).ok).toBe(true)
  }
})
