/** One well server for each type of check, in a process of its own, that its work is not counted. Says ports and the authority of its certificates as one line. */
import { createSocket } from 'node:dgram'
import { createServer as createPlain } from 'node:http'
import { createServer as createPlain2 } from 'node:http2'
import { createServer as createSecure } from 'node:https'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTls } from 'node:tls'
import { makeCertificates, OWN } from '../../../agent/prober/fixture.ts'

const MANY = 4096
const { good, authority } = await makeCertificates(Date.now())
const quiet = (socket: Socket): Socket => socket.on('error', () => undefined)

/** Greets, where there is something to say, and answers whatever comes with the same. */
const says = (greeting: string, answer: string): Server =>
  createServer((socket) => {
    quiet(socket).on('data', () => socket.write(Buffer.from(answer, 'latin1')))
    if (greeting !== '') socket.write(Buffer.from(greeting, 'latin1'))
  })

/** Protocol 10, and nothing of it but the version is looked at; then an ERR packet: access denied. */
const MYSQL_GREETING = `\x4a\0\0\0\x0a8.0.0-bench\0${'\0'.repeat(62)}`
const MYSQL_DENIED = '\x0e\0\0\x02\xff\x15\x04#28000no one'
/** AuthenticationMD5Password. */
const POSTGRES_ASKS = 'R\0\0\0\x0c\0\0\0\x05salt'
/** BindResponse: success. */
const LDAP_BOUND = '\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\0\x04\0\x04\0'

const grpc = createPlain2()
grpc.on('stream', (stream) => {
  stream.on('error', () => undefined)
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  // A message of two bytes: status 1, SERVING.
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]))
})

const SERVERS: Readonly<Record<string, Server>> = {
  tcp: createServer((socket) => void quiet(socket).resume()),
  tls: createTls(good, (socket) => void quiet(socket).resume()),
  http: createPlain({ keepAlive: false }, (_, answer) => void answer.end('it works')),
  https: createSecure({ ...good, keepAlive: false }, (_, answer) => void answer.end('it works')),
  http2: createPlain2((_, answer) => void answer.end('it works')),
  grpc,
  expect: says('', 'ready\n'),
  smtp: says('220 bench\r\n', '250 bench\r\n'),
  ftp: says('220 bench\r\n', '221 bye\r\n'),
  imap: says('* OK bench\r\n', '* BYE bench\r\n'),
  pop3: says('+OK bench\r\n', '+OK bye\r\n'),
  redis: says('', '+PONG\r\n'),
  mysql: says(MYSQL_GREETING, MYSQL_DENIED),
  postgres: says('', POSTGRES_ASKS),
  ldap: says('', LDAP_BOUND),
  agent: says('up ready 100%\n', ''),
}

/** The question comes back, with one answer: 127.0.0.1. */
function answerOf(question: Buffer): Buffer {
  const head = Buffer.from(question.subarray(0, 12))
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(1, 6)
  head.writeUInt32BE(0, 8)
  const end = question.indexOf(0, 12) + 5
  const record = Buffer.from('c00c00010001000000ff00047f000001', 'hex')
  return Buffer.concat([head, question.subarray(12, end), record])
}
const bound = async (answer: (bytes: Buffer) => Buffer): Promise<number> => {
  const socket = createSocket('udp4')
  socket.on('message', (bytes, { port, address }) => socket.send(answer(bytes), port, address))
  await new Promise<void>((resolve) => socket.bind(0, OWN, resolve))
  return socket.address().port
}
const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen({ host: OWN, port: 0, backlog: MANY }, resolve))
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}

const ports: Record<string, number> = {
  udp: await bound(() => Buffer.from('x')),
  dns: await bound(answerOf),
}
for (const [name, server] of Object.entries(SERVERS)) ports[name] = await listening(server)
process.stdout.write(`${JSON.stringify({ address: OWN, ports, authority: authority.certificate })}\n`)
