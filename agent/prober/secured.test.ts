/** Conversations over TLS from the first byte on, as imaps, ldaps and the like: certificates count as everywhere, and then what the server says. */
import { createConnection, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import { afterEach, beforeAll, expect, test } from 'vitest'
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

test('a server that takes no certificate of this authority says so after the handshake: tls waits for it', async () => {
  const { good, strange, authority } = certificates
  const picky = createServer({ ...good, requestCert: true, rejectUnauthorized: true, ca: [authority.certificate] })
  const port = await servers.listen(picky)
  const trusting = { host: 'web.example', ca: authority.certificate }
  const shows = ({ cert, key }: Identity) => ask('tls', port, { ...trusting, 'client-certificate': `${cert}\n${key}` })
  expect(await shows(good)).toMatchObject({
    ok: true,
    reason: expect.stringMatching(/^makes a TLS handshake \(TLSv1\.3/),
  })
  expect(await shows(strange)).toEqual({
    ok: false,
    reason: 'makes a TLS handshake, and closes the connection when it sees the certificate of the check',
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
