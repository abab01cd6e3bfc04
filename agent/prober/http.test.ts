import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { createSecureServer, createServer as createPlainServer2 } from 'node:http2'
import { createServer as createSecureServer1 } from 'node:https'
import type { Socket } from 'node:net'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type Certificates, makeCertificates, OWN, Servers } from './fixture.ts'

const servers = new Servers()
afterEach(() => servers.end())
let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
})

const PAGE = 'all is well here\n'
interface Response {
  statusCode: number
  end(text: string): unknown
}
function serve(request: { readonly url?: string | undefined }, response: Response): void {
  response.statusCode = Number(/^\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200)
  response.end(PAGE)
}

describe('an http check', () => {
  it.each<[string, Record<string, unknown>, boolean, RegExp]>([
    ['any page', {}, true, /^answers with status 200$/],
    ['a redirection', { path: '/302' }, true, /302/],
    ['a fault', { path: '/503' }, false, /^answers with status 503, and not with 200-399$/],
    ['a status that is wanted', { path: '/404', status: ['200-299', 404] }, true, /404/],
    ['a page that is not wanted', { status: [301] }, false, /^answers with status 200, and not with 301$/],
    ['text in the page', { body: 'is\\s+well' }, true, /^answers 200 with the page that is wanted$/],
    [
      'text that is not there',
      { body: '^ill' },
      false,
      /^answers 200, but 17 bytes of its page do not match \/\^ill\/$/,
    ],
    ['a digest', { 'body-digest': createHash('sha256').update(PAGE).digest('hex').toUpperCase() }, true, /wanted/],
    ['another digest', { 'body-digest': '0'.repeat(64) }, false, /another digest/],
    ['no body', { method: 'HEAD' }, true, /200/],
  ])('%s', async (_, keys, ok, reason) => {
    const port = await servers.listen(createServer(serve))
    expect(await ask('http', port, keys)).toEqual({ ok, reason: expect.stringMatching(reason) })
    const port2 = await servers.listen(createPlainServer2((request, response) => serve(request, response)))
    expect(await ask('http', port2, { ...keys, http2: true })).toEqual({ ok, reason: expect.stringMatching(reason) })
  })

  it('sends the method, host and headers that it is told, and the port with the host', async () => {
    const heard: string[] = []
    const port = await servers.listen(
      createServer(({ method, headers, url }, response) => {
        heard.push([method, url, headers.host, headers['x-probe'], headers['user-agent'], headers.connection].join(' '))
        response.end()
      }),
    )
    await ask('http', port, { method: 'OPTIONS', path: '/up', host: 'web.example', headers: ['X-Probe: a: b'] })
    await ask('http', port, { headers: ['user-agent: me'] })
    expect(heard).toEqual([
      `OPTIONS /up web.example:${port} a: b lvsm-prober/0.1.0 close`,
      `GET / ${OWN}:${port}  me close`,
    ])
  })
  it('says the port with the host by HTTP/2, too', async () => {
    const heard: unknown[] = []
    const port = await servers.listen(
      createPlainServer2(({ headers }, response) => {
        heard.push(headers[':authority'])
        response.end()
      }),
    )
    await ask('http', port, { http2: true, host: 'web.example' })
    await ask('http', port, { http2: true })
    expect(heard).toEqual([`web.example:${port}`, `${OWN}:${port}`])
  })

  it('has no connection of its own reset when the page ends in peace', async () => {
    const ends: boolean[] = []
    const port = await servers.listen(
      createServer(serve).on('connection', (socket) => socket.on('close', (broken) => ends.push(broken))),
    )
    for (const keys of [{}, { path: '/500' }, { body: 'well' }]) await ask('http', port, keys)
    await expect.poll(() => ends).toEqual([false, false, false])
  })
})

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'
const every = (socket: Socket, ms: number, piece: string): void => {
  const timer = setInterval(() => socket.write(piece), ms)
  socket.on('close', () => clearInterval(timer))
}
describe('a server that is not well', () => {
  it.each<[string, (socket: Socket) => void, RegExp]>([
    ['says nothing', () => undefined, /^accepts connections, but does not answer the request within 300 ms$/],
    ['says a byte now and then', (socket) => every(socket, 20, 'H'), /^its answer is no HTTP/],
    [
      'never ends its head',
      (socket) => {
        socket.write(HEAD)
        every(socket, 20, 'x')
      },
      /does not answer the request within 300 ms|no HTTP/,
    ],
    ['has a head without end', (socket) => void socket.write(`${HEAD}X: ${'y'.repeat(100_000)}`), /longer than 16 kB/],
    ['speaks no HTTP', (socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'), /^its answer is no HTTP/],
    ['closes at once', (socket) => void socket.end(), /closed|reset|hang up/],
    ['resets', (socket) => void socket.resetAndDestroy(), /^connection reset$/],
    [
      'paints',
      (socket) => void socket.end('HTTP/1.1 500 \u001b[2J\r\n\r\n'),
      /^(its answer is no HTTP|answers with status 500)/,
    ],
  ])('%s', async (_, misbehave, reason) => {
    const port = await servers.raw((socket) => socket.once('data', () => misbehave(socket)))
    const told = await ask('http', port, {}, 300)
    expect(told).toEqual({ ok: false, reason: expect.stringMatching(reason) })
    expect(told.reason.length).toBeLessThanOrEqual(200)
    expect(told.reason).not.toContain('\u001b')
  })

  it.each<[string, (socket: Socket) => void, Record<string, unknown>, boolean | null, RegExp]>([
    [
      'stops within its page',
      (socket) => void socket.write(`${HEAD}Content-Length: 10\r\n\r\nabc`),
      { body: 'abc' },
      false,
      /^answers 200, but the page is not whole within 300 ms$/,
    ],
    [
      'breaks off',
      (socket) => void socket.end(`${HEAD}Content-Length: 10\r\n\r\nabc`),
      { body: 'abc' },
      false,
      /not whole/,
    ],
    [
      'sends a page without end',
      (socket) => {
        socket.write(`${HEAD}\r\n`)
        every(socket, 1, 'z'.repeat(30_000))
      },
      { body: 'a' },
      false,
      /65536 bytes of its page do not match/,
    ],
    [
      'sends a page without end, and has what is wanted',
      (socket) => {
        socket.write(`${HEAD}\r\n`)
        every(socket, 1, 'z'.repeat(30_000))
      },
      { body: 'zz' },
      true,
      /wanted/,
    ],
    [
      'sends slowly what nobody waits for',
      (socket) => {
        socket.write(`${HEAD}\r\n`)
        every(socket, 20, 'z')
      },
      {},
      true,
      /200/,
    ],
  ])('%s', async (_, misbehave, keys, ok, reason) => {
    const port = await servers.raw((socket) => socket.once('data', () => misbehave(socket)))
    expect(await ask('http', port, keys, 300)).toEqual({ ok, reason: expect.stringMatching(reason) })
  })

  it('of HTTP/2 is told of, too', async () => {
    const port = await servers.listen(createServer(serve))
    expect(await ask('http', port, { http2: true }, 500)).toEqual({ ok: false, reason: expect.any(String) })
    const headless = await servers.listen(createPlainServer2().on('stream', (stream) => stream.close()))
    expect((await ask('http', headless, { http2: true }, 500)).ok).toBe(false)
    const silent = await servers.raw((socket) => void socket.resume())
    expect((await ask('http', silent, { http2: true }, 300)).reason).toMatch(
      /does not answer the request within 300 ms/,
    )
    const garbage = await servers.raw((socket) => void socket.write(Buffer.alloc(100_000, 0xff)))
    expect((await ask('http', garbage, { http2: true }, 300)).ok).toBe(false)
  })
})

describe('an https check', () => {
  const trusting = (): Record<string, unknown> => ({ host: 'web.example', ca: certificates.authority.certificate })
  it.each<[string, keyof Certificates & ('good' | 'over' | 'strange'), () => Record<string, unknown>, boolean, RegExp]>(
    [
      ['takes a good certificate', 'good', trusting, true, /status 200/],
      ['takes one for an address', 'good', () => ({ ...trusting(), host: OWN }), true, /status 200/],
      [
        'names the name that it is not for',
        'good',
        () => ({ ...trusting(), host: 'other.example' }),
        false,
        /^its certificate is for another name: .*other\.example/,
      ],
      [
        'looks for the name of the handshake',
        'good',
        () => ({ ...trusting(), host: 'a', sni: 'web.example' }),
        true,
        /200/,
      ],
      ['refuses one that is over', 'over', trusting, false, /^its certificate is over$/],
      ['refuses one of another authority', 'strange', trusting, false, /certificate/],
      [
        'refuses one of nobody whom the system trusts',
        'good',
        () => ({ host: 'web.example' }),
        false,
        /authority of its certificate/,
      ],
      ['takes any when it is told so', 'over', () => ({ verify: false }), true, /status 200/],
    ],
  )('%s', async (_, which, keys, ok, reason) => {
    const port = await servers.listen(createSecureServer1({ ...certificates[which] }, serve))
    expect(await ask('https', port, keys())).toEqual({ ok, reason: expect.stringMatching(reason) })
    const port2 = await servers.listen(
      createSecureServer({ ...certificates[which] }, (request, response) => serve(request, response)),
    )
    expect(await ask('https', port2, { ...keys(), http2: true })).toEqual({ ok, reason: expect.stringMatching(reason) })
    if (ok)
      expect((await ask('tls', port, keys())).reason).toMatch(/^makes a TLS handshake \(TLSv1\.3, certificate until /)
    else expect(await ask('tls', port, keys())).toEqual({ ok, reason: expect.stringMatching(reason) })
  })

  it('takes no server that speaks an older version of TLS than it is told to', async () => {
    const older = { ...certificates.good, maxVersion: 'TLSv1.2' } as const
    const old = await servers.listen(createSecureServer1(older, serve))
    const old2 = await servers.listen(createSecureServer(older, (request, response) => serve(request, response)))
    const fresh = await servers.listen(createSecureServer1({ ...certificates.good }, serve))
    for (const [probe, port, keys] of [
      ['tls', old, {}],
      ['https', old, {}],
      ['https', old2, { http2: true }],
    ] as const) {
      const told = { ok: false, reason: 'it speaks a version of TLS that is too old' }
      expect(await ask(probe, port, { ...trusting(), ...keys, 'min-version': 1.3 }), probe).toEqual(told)
      for (const more of [{}, { 'min-version': 1.2 }])
        expect((await ask(probe, port, { ...trusting(), ...keys, ...more })).ok, probe).toBe(true)
    }
    expect((await ask('https', fresh, { ...trusting(), 'min-version': 1.3 })).ok).toBe(true)
  })

  it('shows who it is to a server that wants to know, and says so where that one takes nobody', async () => {
    const { authority, good, strange } = certificates
    const strict = { ...good, ca: authority.certificate, requestCert: true, rejectUnauthorized: true }
    const ports = [
      await servers.listen(createSecureServer1(strict, serve)),
      await servers.listen(createSecureServer(strict, (request, response) => serve(request, response))),
    ]
    for (const [at, port] of ports.entries()) {
      const asking = (more: object = {}) =>
        ask('https', port, { ...trusting(), ...(at === 1 ? { http2: true } : {}), ...more })
      const shown = (one: { readonly cert: string; readonly key: string }) => ({
        'client-certificate': `${one.cert}\n${one.key}`,
      })
      expect(await asking(shown(good))).toEqual({ ok: true, reason: expect.stringMatching(/200/) })
      expect(await asking()).toEqual({
        ok: false,
        reason: expect.stringMatching(/it wants to see a certificate of the check/),
      })
      expect(await asking(shown(strange)), 'this server closes the connection without a word').toMatchObject({
        ok: false,
      })
      const other = { 'client-certificate': `${good.cert}\n${strange.key}` }
      expect(await asking(other)).toEqual({ ok: null, reason: expect.stringMatching(/^it cannot be asked: /) })
    }
  })

  it('says what listens there instead', async () => {
    const plain = await servers.listen(createServer(serve))
    const told = { ok: false, reason: expect.stringMatching(/^what listens there does not speak TLS$/) }
    expect(await ask('https', plain, { verify: false })).toEqual(told)
    expect(await ask('tls', plain, { verify: false })).toEqual(told)
    const only1 = await servers.listen(
      createSecureServer1({ ...certificates.good, ALPNProtocols: ['http/1.1'] }, serve),
    )
    const two = await ask('https', only1, { verify: false, http2: true })
    expect(two).toEqual({ ok: false, reason: 'it does not speak HTTP/2' })
    const silent = await servers.raw(() => undefined)
    for (const probe of ['tls', 'https'] as const)
      expect(await ask(probe, silent, { verify: false }, 300)).toEqual({
        ok: false,
        reason: 'accepts connections, but makes no TLS handshake within 300 ms',
      })
  })
})

describe('a tcp check', () => {
  it('tells listening, refusing and silent apart', async () => {
    const port = await servers.raw((socket) => void socket.resume())
    expect(await ask('connect', port)).toEqual({ ok: true, reason: 'accepts connections' })
    servers.end()
    expect(await ask('connect', port)).toEqual({
      ok: false,
      reason: 'connection refused: nothing listens there, or a packet filter rejects it',
    })
  })
})
