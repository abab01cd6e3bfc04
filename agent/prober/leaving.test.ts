/** A check leaves as a client does that is done: a reset, or a session of TLS that only breaks off, fills the logs of servers. */
import { readFileSync } from 'node:fs'
import { createServer as createHttp } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { ask, type Certificates, makeCertificates, OWN, Servers } from './fixture.ts'

const servers = new Servers()
afterEach(() => servers.end())
let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
})

/** What a server sees of the end of each connection. */
interface Seen {
  readonly errors: string[]
  /** What the client sent, by connection. */
  readonly said: Buffer[]
  ended: number
}
/** In front of a server, on its own port: as that one would see it. */
async function watched(port: number, seen: Seen): Promise<number> {
  return servers.listen(
    createServer({ allowHalfOpen: true }, (client) => {
      const server = connect(port, OWN)
      const at = seen.said.push(Buffer.alloc(0)) - 1
      client.on('data', (bytes) => {
        seen.said[at] = Buffer.concat([seen.said[at] ?? Buffer.alloc(0), bytes])
        server.write(bytes)
      })
      server.on('data', (bytes) => void client.write(bytes))
      client.on('end', () => server.end())
      client.on('close', () => {
        seen.ended += 1
      })
      server.on('end', () => client.end())
      server.on('error', () => client.destroy())
      client.on('error', (error: NodeJS.ErrnoException) => {
        seen.errors.push(error.code ?? error.message)
        server.destroy()
      })
    }),
  )
}
const nothingSeen = (): Seen => ({ errors: [], said: [], ended: 0 })
const alive = (socket: Socket): void => void socket.on('error', () => undefined)

/** The last record of TLS is an alert; encrypted it has the size of one (RFC 8446, section 5.2: two bytes, their kind and a tag of 16). */
function saysGoodbye(said: Buffer): boolean {
  let [at, last] = [0, [0, 0]]
  while (at + 5 <= said.length) {
    const length = said.readUInt16BE(at + 3)
    last = [said[at] ?? 0, length]
    at += 5 + length
  }
  return last[0] === 0x15 || (last[0] === 0x17 && last[1] === 19)
}

const identity = (): { key: string; cert: string } => certificates.good
const trusting = (): Record<string, unknown> => ({ host: 'web.example', ca: certificates.authority.certificate })
const PAGE = 'x'.repeat(200_000)

const SERVERS = {
  banner: () =>
    createServer({ allowHalfOpen: true }, (socket) => {
      alive(socket)
      setTimeout(() => socket.end('SSH-2.0-OpenSSH\r\n'), 20)
    }),
  tls: () => createTls(identity(), (socket) => void socket.on('error', () => undefined).write('* OK ready\r\n')),
  http: () => createHttp((_, response) => void response.end(PAGE)),
  https: () => createHttps(identity(), (_, response) => void response.end(PAGE)),
  short: () => createHttps(identity(), (_, response) => void response.end('ok')),
  http2: () => createSecureServer(identity(), (_, response) => void response.end('ok')),
} as const

it('one that speaks first is heard to its end by a check that only connects', async () => {
  const errors: string[] = []
  let closed = 0
  const port = await servers.raw((socket) => {
    socket.write('SSH-2.0-OpenSSH_9.2\r\n')
    socket.resume()
    socket.on('error', (error: NodeJS.ErrnoException) => void errors.push(error.code ?? error.message))
    socket.on('close', () => {
      closed += 1
    })
  })
  for (let count = 0; count < 10; count++) expect(await ask('connect', port)).toMatchObject({ ok: true })
  await expect.poll(() => closed).toBe(10)
  expect(errors).toEqual([])
})

describe('a server sees no reset, and the end of its session', () => {
  it.each([
    ['connect', 'banner', () => ({})],
    ['tls', 'tls', trusting],
    ['http', 'http', () => ({})],
    ['http', 'http', () => ({ body: 'x$' })],
    ['https', 'https', trusting],
    ['https', 'short', trusting],
    ['https', 'short', () => ({ ...trusting(), body: 'ok' })],
    ['https', 'http2', () => ({ ...trusting(), http2: true })],
  ] as const)('%s, %s', async (kind, server, keys) => {
    const seen = nothingSeen()
    const port = await watched(await servers.listen(SERVERS[server]()), seen)
    expect(await ask(kind, port, keys())).toMatchObject({ ok: true })
    await expect.poll(() => seen.ended, { timeout: 3000 }).toBe(1)
    expect(seen.errors).toEqual([])
    if (kind === 'tls' || kind === 'https') expect(saysGoodbye(seen.said[0] ?? Buffer.alloc(0))).toBe(true)
  })
})

describe('close: reset', () => {
  const CLOSES = { close: 'reset' } as const
  it.each([
    ['connect', 'banner', () => CLOSES],
    ['expect', 'banner', () => ({ ...CLOSES, expect: '^SSH' })],
    ['tls', 'tls', () => ({ ...CLOSES, ...trusting() })],
    ['expect', 'tls', () => ({ ...CLOSES, ...trusting(), tls: true, expect: 'ready' })],
  ] as const)('is all that a server sees of %s, %s', async (kind, server, keys) => {
    const seen = nothingSeen()
    const port = await watched(await servers.listen(SERVERS[server]()), seen)
    expect(await ask(kind, port, keys())).toMatchObject({ ok: true })
    await expect.poll(() => seen.errors, { timeout: 3000 }).toEqual(['ECONNRESET'])
  })

  it('leaves no connection that waits for its time to be over', async () => {
    const port = await servers.raw((socket) => alive(socket))
    const waiting = (): number => {
      const at = `:${port.toString(16).toUpperCase().padStart(4, '0')} `
      return readFileSync('/proc/net/tcp', 'utf8')
        .split('\n')
        .filter((line) => line.includes(at) && / 06 /.test(line)).length
    }
    for (let count = 0; count < 3; count++) expect(await ask('connect', port, CLOSES)).toMatchObject({ ok: true })
    expect(await ask('connect', port)).toMatchObject({ ok: true })
    await expect.poll(waiting).toBe(1)
  })

  it('of a connection that never was is nothing', async () => {
    expect(await ask('connect', 1, CLOSES)).toMatchObject({ ok: false, reason: expect.stringMatching(/refused/) })
  })
})
