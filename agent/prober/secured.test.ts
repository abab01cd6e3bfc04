/** Conversations over TLS from the first byte on, as imaps, ldaps and the like: certificates count as everywhere, and then what the server says. */
import { constants } from 'node:crypto'
import { createConnection, type Socket } from 'node:net'
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest'
import { ask, type Certificates, type Identity, makeCertificates, OWN, Servers } from './fixture.ts'

let certificates: Certificates
beforeAll(async () => {
  certificates = await makeCertificates(Date.now())
})
const servers = new Servers()
afterEach(() => servers.end())

const BIND_RESPONSE = '\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00'
const SERVERS = {
  smtp: ['220 mail ESMTP\r\n', ['250 mail\r\n', '221 bye\r\n']],
  imap: ['* OK ready\r\n', []],
  pop3: ['+OK ready\r\n', []],
  redis: ['', ['+PONG\r\n']],
  ldap: ['', [BIND_RESPONSE]],
  expect: ['hello there\r\n', []],
} as const
type Type = keyof typeof SERVERS
const TYPES = Object.keys(SERVERS) as Type[]

/** Says the first on its own, then one thing to each that it hears. */
const speaking =
  (type: Type) =>
  (socket: Socket): void => {
    const [first, answers] = SERVERS[type]
    if (first.length > 0) socket.write(first, 'latin1')
    const rest: string[] = [...answers]
    socket.on('data', () => socket.write(rest.shift() ?? '', 'latin1'))
    socket.on('error', () => undefined)
  }

const secured = (type: Type, identity: Identity): Promise<number> =>
  servers.listen(createServer({ ...identity }, speaking(type)))
const keys = (type: Type) => ({
  ...{ tls: true, host: 'web.example', ca: certificates.authority.certificate },
  ...(type === 'expect' ? { expect: '^hello' } : {}),
})

test.each(TYPES)('%s', async (type) => {
  const good = await secured(type, certificates.good)
  expect(await ask(type, good, keys(type))).toMatchObject({ ok: true })
  expect((await ask(type, good, { ...keys(type), host: 'shop.example' })).reason).toMatch(/for another name/)
  const over = await secured(type, certificates.over)
  expect(await ask(type, over, keys(type))).toEqual({ ok: false, reason: 'its certificate is over' })
  expect(await ask(type, over, { ...keys(type), verify: false })).toMatchObject({ ok: true })
})

test('one that speaks in the clear, and one that says nothing, are told from each other', async () => {
  const plain = await servers.raw(speaking('imap'))
  expect(await ask('imap', plain, keys('imap'))).toEqual({ ok: false, reason: 'what listens there does not speak TLS' })
  const silent = await servers.raw(() => undefined)
  const told = { ok: false, reason: 'accepts connections, but makes no TLS handshake within 300 ms' }
  expect(await ask('redis', silent, keys('redis'), 300)).toEqual(told)
  const mute = await servers.listen(createServer({ ...certificates.good }, () => undefined))
  expect((await ask('pop3', mute, keys('pop3'), 700)).reason).toMatch(/says nothing that is wanted within/)
})

describe('a server that looks at the certificate of the check after the handshake (TLS 1.3)', () => {
  type Looking = (socket: TLSSocket) => void
  /** Tickets of OpenSSL come when it has looked: without them nothing says so. */
  const picky = (
    serve: Looking = () => undefined,
    more: TlsOptions = { secureOptions: constants.SSL_OP_NO_TICKET },
  ) => {
    const { good, authority } = certificates
    const server = createServer({ ...good, requestCert: true, ca: [authority.certificate], ...more }, serve)
    return servers.listen(server)
  }
  const shown = ({ cert, key } = certificates.good) => ({
    ...{ host: 'web.example', ca: certificates.authority.certificate },
    'client-certificate': `${cert}\n${key}`,
  })
  /** Each thing that the client says is passed on as `way` has it. */
  const behind = (port: number, way: (bytes: Buffer, count: number, pass: (bytes: Buffer) => void) => void) =>
    servers.raw((near) => {
      const far = createConnection({ host: OWN, port })
      let count = 0
      near.on('data', (bytes) => way(bytes, ++count, (whole) => void far.write(whole)))
      far.on('error', () => near.destroy())
      near.on('close', () => far.destroy())
      far.pipe(near)
    })
  const well = { ok: true, reason: expect.stringMatching(/^makes a TLS handshake \(TLSv1\.3/) }

  it('is waited for: an alert is its word', async () => {
    // The second thing that the client says has its certificate: spoilt, the server has to refuse it.
    const port = await behind(await picky(), (bytes, count, pass) => {
      if (count === 2) bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
      pass(bytes)
    })
    expect(await ask('tls', port, shown())).toEqual({
      ok: false,
      reason: expect.stringMatching(/alert bad record mac/),
    })
  })
  it('is well as soon as it sends a ticket, or data', async () => {
    const many = { ticketKeys: Buffer.alloc(48) }
    for (const port of [await picky(undefined, many), await picky((socket) => void socket.write('220 hello\r\n'))]) {
      const took: number[] = []
      for (let times = 0; times < 4; times++) {
        const began = performance.now()
        expect(await ask('tls', port, shown())).toMatchObject(well)
        took.push(performance.now() - began)
      }
      expect(Math.min(...took)).toBeLessThan(200)
    }
  })
  it('is well with the handshake where it ends the connection, in peace or not, and says nothing of why', async () => {
    const { good, strange, authority } = certificates
    const greets = await picky((socket) => void socket.end('220 hello\r\n'))
    const ends = await picky((socket) => void socket.end())
    const breaks = await picky((socket) => void socket.destroy())
    const asksNone = await servers.listen(createServer({ ...good }, (socket) => void socket.end('bye\r\n')))
    const resets = await servers.raw((near) => {
      const far = createConnection({ host: OWN, port: ends })
      let count = 0
      near.on('data', (bytes) => (++count === 2 ? near.resetAndDestroy() : far.write(bytes)))
      far.on('error', () => undefined)
      far.pipe(near)
    })
    for (const port of [greets, ends, breaks, asksNone, resets])
      expect(await ask('tls', port, shown())).toMatchObject(well)
    const refuses = await picky(undefined, { rejectUnauthorized: true, ca: [authority.certificate] })
    expect(await ask('tls', refuses, shown(strange))).toMatchObject(well)
  })
  it('is no worse for a handshake that takes nearly all of the time', { retry: 2 }, async () => {
    const port = await picky()
    const slow = await behind(port, (bytes, count, pass) => void setTimeout(() => pass(bytes), count === 1 ? 400 : 0))
    expect(await ask('tls', slow, shown(), 550)).toMatchObject(well)
  })
})

test.each([
  ['tls', {}],
  ['redis', {}],
  ['https', {}],
  ['https', { http2: true }],
  ['grpc', {}],
] as const)('with a key that is of another certificate nothing is opened: %s %o', async (type, more) => {
  const { good, strange, authority } = certificates
  const opened: (number | undefined)[] = []
  const port = await servers.raw(({ remotePort }) => void opened.push(remotePort))
  const wrong = { tls: true, ca: authority.certificate, 'client-certificate': `${good.cert}\n${strange.key}`, ...more }
  for (let times = 0; times < 3; times++)
    expect(await ask(type, port, wrong)).toEqual({ ok: null, reason: expect.stringMatching(/key values mismatch/) })
  // It is accepted after whatever was opened before.
  const last = createConnection({ host: OWN, port })
  await new Promise((resolve) => last.on('connect', resolve))
  await expect.poll(() => opened).toContain(last.localPort)
  expect(opened).toHaveLength(1)
  last.destroy()
})
