import { createServer } from 'node:http2'
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { ask, OWN, Servers } from './fixture.ts'
import { stateOf } from './probes/grpc.ts'
import { bytesOf } from './probes/expect.ts'

const servers = new Servers()
const ends: (() => void)[] = []
afterEach(() => {
  servers.end()
  for (const end of ends.splice(0)) end()
})

/** Says the first on its own, and to each thing that it hears the next. */
const saying =
  (first: string | Buffer, ...answers: (string | Buffer)[]) =>
  (socket: Socket): void => {
    if (first.length > 0) socket.write(first)
    const rest = [...answers]
    socket.on('data', () => {
      const answer = rest.shift()
      if (answer === undefined) socket.end()
      else socket.write(answer)
    })
  }
const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')
const postgresError = (code: string, message: string): Buffer => {
  const body = Buffer.from(`SFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.from('E\0\0\0\0')
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}
const mysqlPacket = (body: Buffer, sequence: number): Buffer =>
  Buffer.concat([Buffer.from([body.length & 0xff, body.length >> 8, 0, sequence]), body])
/** As MariaDB 10.11 greets. */
const GREETING = mysqlPacket(
  Buffer.concat([Buffer.from('\x0a5.5.5-10.11.6-MariaDB\0', 'latin1'), Buffer.alloc(60, 1)]),
  0,
)
const mysqlError = (code: number, message: string, sequence: number): Buffer =>
  mysqlPacket(Buffer.concat([Buffer.from([0xff, code & 0xff, code >> 8]), Buffer.from(`#28000${message}`)]), sequence)

type Kind = Parameters<typeof ask>[0]
describe('a server that speaks first or is asked', () => {
  it.each<[Kind, string, (socket: Socket) => void, boolean, RegExp]>([
    [
      'smtp',
      'is well',
      saying('220-mail\r\n220 mail ESMTP\r\n', '250-mail\r\n250-SIZE 9\r\n250 HELP\r\n', '221 bye\r\n'),
      true,
      /250 HELP/,
    ],
    ['smtp', 'is full', saying('421 too many connections\r\n'), false, /^says "421 too many connections"$/],
    ['smtp', 'greets, and refuses', saying('220 mail\r\n', '554 go away\r\n'), false, /554/],
    ['ftp', 'is well', saying('220-welcome\r\n all\r\n220 ready\r\n', '221\r\n'), true, /220 ready/],
    ['ftp', 'is not', saying('530 no\r\n'), false, /530/],
    ['imap', 'is well', saying('* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n'), true, /Dovecot/],
    ['imap', 'ends', saying('* BYE shutting down\r\n'), false, /BYE/],
    ['pop3', 'is well', saying('+OK ready\r\n'), true, /OK/],
    ['pop3', 'is not', saying('-ERR busy\r\n'), false, /busy/],
    ['redis', 'is well', saying('', '+PONG\r\n'), true, /PONG/],
    ['redis', 'wants a password', saying('', '-NOAUTH Authentication required.\r\n'), true, /NOAUTH/],
    ['redis', 'loads its data', saying('', '-LOADING Redis is loading the dataset in memory\r\n'), false, /LOADING/],
    [
      'mysql',
      'refuses the name',
      saying(GREETING, mysqlError(1045, 'Access denied', 2)),
      true,
      /^version 5\.5\.5-10\.11\.6-MariaDB, answers: Access denied \(1045\)$/,
    ],
    [
      'mysql',
      'asks for more',
      saying(GREETING, mysqlPacket(Buffer.from('\xfemysql_native_password\0', 'latin1'), 2)),
      true,
      /answers$/,
    ],
    [
      'mysql',
      'is full',
      saying(mysqlError(1040, 'Too many connections', 0)),
      false,
      /^refuses: Too many connections \(1040\)$/,
    ],
    ['mysql', 'is another', saying('SSH-2.0-OpenSSH_9.2\r\n'), false, /not MySQL/],
    ['postgres', 'asks for a password', saying('', hex('52 0000000c 00000005 01020304')), true, /asks/],
    ['postgres', 'does not know the name', saying('', postgresError('28000', 'no entry')), true, /no entry \(28000\)/],
    [
      'postgres',
      'is starting up',
      saying('', postgresError('57P03', 'the database system is starting up')),
      false,
      /^refuses: the database/,
    ],
    ['postgres', 'is full', saying('', postgresError('53300', 'too many clients')), false, /53300/],
    ['postgres', 'is another', saying('', 'HTTP/1.1 400 Bad Request\r\n'), false, /not PostgreSQL/],
    ['ldap', 'is well', saying('', hex('300c 020101 6107 0a0100 0400 0400')), true, /result 0/],
    [
      'ldap',
      'takes nobody without a name',
      saying('', hex('3084 0000000f 020101 6107 0a0130 0400 0400')),
      true,
      /result 48/,
    ],
    ['ldap', 'is busy', saying('', hex('300c 020101 6107 0a0133 0400 0400')), false, /result 51/],
    ['ldap', 'is another', saying('', 'HTTP/1.1 400\r\n'), false, /not LDAP/],
  ])('%s: %s', async (kind, _, serve, ok, reason) => {
    expect(await ask(kind, await servers.raw(serve))).toEqual({ ok, reason: expect.stringMatching(reason) })
  })

  const KINDS: readonly Kind[] = ['smtp', 'ftp', 'imap', 'pop3', 'redis', 'mysql', 'postgres', 'ldap', 'expect', 'grpc']
  it.each(KINDS)('%s: silent, slow, endless, closing, resetting, out of its senses', async (kind) => {
    const keys = { expect: 'nothing of it' }
    const silent = await servers.raw((socket) => void socket.resume())
    const told = await ask(kind, silent, keys, 200)
    expect(told).toEqual({ ok: false, reason: expect.stringMatching(/^accepts connections, but .* within 200 ms$/) })
    const repeat = (ms: number, piece: Buffer) =>
      servers.raw((socket) => {
        const timer = setInterval(() => socket.write(piece), ms)
        socket.on('close', () => clearInterval(timer))
      })
    const hostile = [
      await repeat(20, Buffer.from('2')),
      await repeat(1, Buffer.alloc(50_000, 0x32)),
      await repeat(1, Buffer.alloc(50_000)),
      await servers.raw((socket) => void socket.end()),
      await servers.raw((socket) => void socket.resetAndDestroy()),
    ]
    for (const port of hostile) expect((await ask(kind, port, keys, 400)).ok).toBe(false)
  })
})

describe('what a check says itself', () => {
  it('sends bytes, and waits for an expression', async () => {
    const echo = await servers.raw((socket) => void socket.pipe(socket))
    expect((await ask('expect', echo, { send: 'a\\r\\n', expect: 'a\\r\\n$' })).ok).toBe(true)
    expect((await ask('expect', echo, { send: 'a', expect: 'b' }, 200)).ok).toBe(false)
    expect(bytesOf('a\\x00\\xff\\\\n\\t'), 'in all its letters').toEqual(Buffer.from('a\0\xff\\n\t', 'latin1'))
  })
})

const datagrams = async (answer: (message: Buffer) => Buffer | null): Promise<number> => {
  const socket = createSocket('udp4')
  ends.push(() => socket.close())
  socket.on('message', (message, { port, address }) => {
    const said = answer(message)
    if (said) socket.send(said, port, address)
  })
  await new Promise<void>((resolve) => socket.bind(0, OWN, resolve))
  return socket.address().port
}
const closedPort = async (): Promise<number> => {
  const port = await datagrams(() => null)
  await new Promise<void>((resolve) => {
    const end = ends.pop()
    end?.()
    setImmediate(resolve)
  })
  return port
}

describe('a datagram', () => {
  it('is refused, answered, or neither', async () => {
    expect(await ask('udp', await closedPort(), {}, 1000)).toEqual({
      ok: false,
      reason: 'connection refused: nothing listens there, or a packet filter rejects it',
    })
    const silent = await datagrams(() => null)
    expect((await ask('udp', silent, {}, 200)).ok, 'nothing refused it').toBe(true)
    expect((await ask('udp', silent, { expect: 'x' }, 200)).reason).toBe('no answer within 200 ms')
    const echo = await datagrams((message) => message)
    expect((await ask('udp', echo, { send: '\\x01ok', expect: '^\\x01ok$' })).ok).toBe(true)
    expect((await ask('udp', echo, { send: 'no', expect: 'ok' })).reason).toMatch(/do not match/)
  })

  it.each<[string, Record<string, unknown>, (question: Buffer) => Buffer, boolean, RegExp]>([
    [
      'an answer',
      { query: 'web.example' },
      (question) => answerTo(question, 0, 1),
      true,
      /^answers NOERROR, with 1 record$/,
    ],
    ['no such name', { query: 'web.example' }, (question) => answerTo(question, 3, 0), false, /NXDOMAIN.* not NOERROR/],
    ['no such name, as wanted', { rcode: ['NXDOMAIN'] }, (question) => answerTo(question, 3, 0), true, /NXDOMAIN/],
    ['too few records', { answers: 2 }, (question) => answerTo(question, 0, 1), false, /not 2$/],
    ['the answer to another question', {}, (question) => answerTo(question, 0, 1, 1), false, /within 300 ms/],
    ['the question itself', {}, (question) => question, false, /within 300 ms/],
    ['three bytes', {}, () => Buffer.from('abc'), false, /within 300 ms/],
  ])('of DNS: %s', async (_, keys, answer, ok, reason) => {
    expect(await ask('dns', await datagrams(answer), keys, 300)).toEqual({ ok, reason: expect.stringMatching(reason) })
  })
})
describe('DNS over TCP', () => {
  const framed = (message: Buffer): Buffer =>
    Buffer.concat([Buffer.from([message.length >> 8, message.length & 0xff]), message])
  /** Says its answer in two pieces. */
  const server = (answer: (question: Buffer) => Buffer): Promise<number> =>
    servers.raw((socket) =>
      socket.on('data', (bytes) => {
        const said = framed(answer(bytes.subarray(2, 2 + bytes.readUInt16BE(0))))
        socket.write(said.subarray(0, 7))
        setImmediate(() => socket.write(said.subarray(7)))
      }),
    )
  it.each<[string, Record<string, unknown>, (question: Buffer) => Buffer, boolean, RegExp]>([
    ['an answer', { query: 'web.example' }, (question) => answerTo(question, 0, 1), true, /^answers NOERROR, with 1 /],
    ['no such name', {}, (question) => answerTo(question, 3, 0), false, /NXDOMAIN.* not NOERROR/],
    ['too few records', { answers: 2 }, (question) => answerTo(question, 0, 1), false, /not 2$/],
    [
      'the answer to another question',
      {},
      (question) => answerTo(question, 0, 1, 1),
      false,
      /^answers another question/,
    ],
    ['three bytes', {}, () => Buffer.from('abc'), false, /^answers another question/],
  ])('%s', async (_, keys, answer, ok, reason) => {
    const port = await server(answer)
    expect(await ask('dns', port, { ...keys, tcp: true })).toEqual({ ok, reason: expect.stringMatching(reason) })
  })
  it('one that listens over UDP alone is out', async () => {
    const port = await datagrams((question) => answerTo(question, 0, 1))
    expect((await ask('dns', port, { tcp: true })).ok).toBe(false)
  })
})
function answerTo(question: Buffer, rcode: number, records: number, off = 0): Buffer {
  const answer = Buffer.from(question)
  answer.writeUInt16BE((question.readUInt16BE(0) + off) & 0xffff, 0)
  answer.writeUInt16BE(0x8180 | rcode, 2)
  answer.writeUInt16BE(records, 6)
  return answer
}

describe('the health service of gRPC', () => {
  const grpc = (body: Buffer, status = '0'): Promise<number> =>
    servers.listen(
      createServer().on('stream', (stream, headers) => {
        ends.push(() => stream.destroy())
        if (headers[':path'] !== '/grpc.health.v1.Health/Check')
          return stream.respond({ ':status': 404 }, { endStream: true })
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }))
        stream.end(body)
      }),
    )
  it.each<[string, string, string, boolean, RegExp]>([
    ['serves', '00 00000002 0801', '0', true, /^says SERVING$/],
    ['does not', '00 00000002 0802', '0', false, /^says NOT_SERVING$/],
    ['does not say', '00 00000000', '0', false, /^says UNKNOWN$/],
    ['does not know the service', '', '5', false, /grpc-status 5/],
    ['says something else', '00 00000002 0a01', '0', false, /no answer of the health service/],
  ])('%s', async (_, body, status, ok, reason) => {
    const port = await grpc(hex(body), status)
    expect(await ask('grpc', port, { 'grpc-service': 'shop.Cart' })).toEqual({
      ok,
      reason: expect.stringMatching(reason),
    })
  })
  it('a length that lies is none', () => {
    expect([stateOf(hex('00 ffffffff 0801')), stateOf(hex('01 00000002 0801')), stateOf(hex('00'))]).toEqual([
      null,
      null,
      null,
    ])
  })
})
