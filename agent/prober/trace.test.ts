/** What a probe says of itself, step by step, when somebody asks for it. */
import { createSocket } from 'node:dgram'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { X509Certificate } from 'node:crypto'
import { createSecureServer as createSecureServer2, createServer as createPlainServer2 } from 'node:http2'
import { createServer as createSecureServer } from 'node:https'
import { afterEach, expect, it } from 'vitest'
import {
  LONGEST_PROBE_ANSWER,
  LONGEST_STEP,
  MOST_FIGURES,
  MOST_STEPS,
  type ProbeJob,
  probeLine,
  readProbeAnswer,
} from '@lvsm/protocol'
import { ask, explained, makeCertificates, OWN, Servers } from './fixture.ts'
import { attempt } from './attempt.ts'
import { PROBES } from './probes/index.ts'
import { certificateText, dayOf, shown, tracing } from './trace.ts'

const servers = new Servers()
const unexplained = (port: number, keys: ProbeJob['keys']): Promise<unknown> =>
  new Promise((resolve) => {
    const job = { id: 1, probe: 'tls', keys, address: OWN, port, source: null, timeoutMs: 5000 }
    attempt(PROBES.tls, job, (ok, _, found) => resolve([ok, found.certificateUntilMs]))
  })
afterEach(() => servers.end())

it('of HTTP: the connection, both heads as they were, and the page', async () => {
  const port = await servers.listen(
    createServer((_, response) => response.writeHead(503, { 'X-Why': 'tired' }).end('no')),
  )
  const { ok, found, steps } = await explained('http', port, {
    path: '/up',
    host: 'web.example',
    status: [503],
    body: 'no',
  })
  expect(ok).toBe(true)
  expect(steps).toEqual([
    expect.stringMatching(new RegExp(`^connected 127\\.0\\.0\\.1:\\d+ → ${OWN}:${port}$`)),
    expect.stringMatching(
      /^sent GET \/up HTTP\/1\.1\\r\\nHost: web\.example:\d+\\r\\nUser-Agent: lvsm-prober.*\\r\\n\\r\\n$/,
    ),
    expect.stringMatching(/^received HTTP\/1\.1 503 Service Unavailable\\r\\nX-Why: tired\\r\\n/),
    'received no',
  ])
  expect(found.tookMs).toBeGreaterThan(0)
})

it('of HTTP/2: the pairs of both heads', async () => {
  const port = await servers.listen(createPlainServer2((_, response) => void response.end('yes')))
  const { steps } = await explained('http', port, { http2: true, path: '/up' })
  expect(steps[1]).toMatch(/^sent .*:method: GET\\r\\n.*:path: \/up/)
  expect(steps[2]).toMatch(/^received :status: 200/)
})

it('of TLS: the certificate, also of one that is not taken', async () => {
  const { authority, good, over } = await makeCertificates(Date.now())
  const keys = { host: 'web.example', ca: authority.certificate }
  for (const [identity, ok, reason] of [
    [good, true, /handshake/],
    [over, false, /certificate is over/],
  ] as const) {
    const port = await servers.listen(createSecureServer(identity, (_, response) => response.end()))
    const told = await explained('tls', port, keys)
    expect([told.ok, told.reason]).toEqual([ok, expect.stringMatching(reason)])
    expect(told.steps.map((step) => step.split(' ')[0])).toEqual(['connected', 'tls', 'certificate'])
    expect(told.steps[1]).toMatch(/^tls TLSv1\.3, TLS_\w+/)
    expect(told.steps[2]).toMatch(
      /^certificate CN=web for DNS:web\.example, IP Address:127\.77\.0\.2; by O=lvsm, CN=lab; 20\d\d-\d\d-\d\d to 20\d\d-\d\d-\d\d; SHA-256 [0-9A-F:]{95}$/,
    )
    const until = Date.parse(new X509Certificate(identity.cert).validTo)
    expect(told.found.certificateUntilMs).toBe(until)
    const page = await explained('https', port, keys)
    expect(page.found.certificateUntilMs).toBe(until)
    const two = await servers.listen(createSecureServer2(identity, (_, response) => void response.end()))
    expect((await explained('https', two, { ...keys, http2: true })).found.certificateUntilMs).toBe(until)
    expect(await unexplained(two, keys), 'whether or not it explains itself').toEqual([ok, until])
    expect(page.steps.map((step) => step.split(' ')[0])).toEqual(
      ok ? ['connected', 'tls', 'certificate', 'sent', 'received'] : ['connected', 'tls', 'certificate'],
    )
  }
})

it('of a conversation, and of a datagram', async () => {
  const port = await servers.raw((socket) => socket.write('220 mail\r\n'))
  expect((await explained('ftp', port)).steps.slice(1)).toEqual(['received 220 mail\\r\\n'])
  const socket = createSocket('udp4')
  await new Promise<void>((resolve) => socket.bind(0, OWN, resolve))
  socket.on('message', (_, { port: from }) => socket.send(Buffer.from([0, 255, 65]), from, '127.0.0.1'))
  const { steps } = await explained('udp', socket.address().port, { send: 'a\\0', expect: 'A' })
  socket.close()
  expect(steps).toEqual(['sent a\\x00', 'received \\x00ÿA'])
})

it('of a certificate whose dates are none', async () => {
  const { good } = await makeCertificates(Date.now())
  const bytes = Buffer.from(new X509Certificate(good.cert).raw)
  // The month of the first UTCTime (X.690, 8.25).
  bytes.write('99', bytes.indexOf(Buffer.from([0x17, 0x0d])) + 4)
  expect(certificateText(new X509Certificate(bytes))).toMatch(/; "[^"]*" to 20\d\d-\d\d-\d\d; SHA-256/)
  expect([dayOf('Bad time value'), dayOf('Nov 29 10:00:00 2026 GMT')]).toEqual([null, '2026-11-29'])
})

it.each([false, true])('headers of a file of secrets are sent, and shown to nobody (http2: %s)', async (http2) => {
  const heard: (string | string[] | undefined)[] = []
  const serve = ({ headers }: { headers: IncomingHttpHeaders }, response: { end(): unknown }): void => {
    heard.push(headers.authorization, headers['x-team'])
    response.end()
  }
  const port = await servers.listen(http2 ? createPlainServer2(serve) : createServer(serve))
  const keys = { http2, headers: ['X-Team: ops'], 'secret-headers': ['Authorization: Bearer abc'] }
  const { steps } = await explained('http', port, keys)
  expect(heard).toEqual(['Bearer abc', 'ops'])
  expect(steps.join('\n')).not.toContain('abc')
  expect(steps.join('\n')).toMatch(/authorization: \(from headers-file\)/i)
  expect(steps.join('\n')).toMatch(/x-team: ops/i)
})

it('a check that nobody asks to explain itself says none of it', async () => {
  const port = await servers.listen(createServer((_, response) => response.end()))
  expect(await ask('http', port)).toEqual({ ok: true, reason: 'answers with status 200' })
})

it('is bounded, whatever a server sends', () => {
  expect(shown(Buffer.alloc(100_000, 7)).length).toBeLessThanOrEqual(LONGEST_STEP)
  expect(shown(Buffer.alloc(100_000, 'a'))).toMatch(/^a+… \(100000 bytes\)$/)
  const { trace, steps } = tracing(() => 0)
  for (let count = 0; count < 1000; count++) trace.note('received', Buffer.alloc(5000, 'ä'))
  expect(steps).toHaveLength(MOST_STEPS)
  for (const { text } of steps) expect(text.length).toBeLessThanOrEqual(LONGEST_STEP)
  // The agent ends a prober whose lines are longer: no server may bring that about.
  const worst = Array.from({ length: MOST_STEPS }, () => ({
    atMs: 59_999.9,
    what: 'received',
    text: '"'.repeat(LONGEST_STEP),
  }))
  // Of an output of 4 kB.
  const figure = { label: '"'.repeat(200), value: -1e300, unit: '"'.repeat(20), warn: '"'.repeat(20) }
  const perfdata = Array.from({ length: MOST_FIGURES }, () => figure)
  const line = probeLine({ id: 1, ok: true, reason: '"'.repeat(200), tookMs: 59_999.9, steps: worst, perfdata })
  expect(line.length).toBeLessThan(LONGEST_PROBE_ANSWER)
  expect(readProbeAnswer(line)).not.toBeNull()
})
