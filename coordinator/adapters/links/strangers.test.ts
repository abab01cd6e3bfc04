import { createPublicKey } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { makeAuthority, signCertificate } from '@lvsm/trust'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  ask,
  coordinator,
  HOST,
  type Coordinator,
  type Identity,
  identityOf,
  introduce,
  meet,
  soon,
  stranger,
  visit,
} from './fixture.ts'
import { MESSAGES, SNAPSHOTS } from '../../../agent/nodelink/dial.ts'
import { Strangers } from './strangers.ts'

const OTHER = await makeAuthority('lab')
/** The second is known to the first, and dials by hand only. */
async function pair(): Promise<{ one: Coordinator; known: Identity }> {
  const [one, known] = [await coordinator(1), await identityOf('two')]
  one.links.know([one.peer, { id: 2, addresses: [{ host: HOST, port: 1 }], key: known.key }])
  return { one, known }
}
/** With an error or without. */
const closed = (socket: { once(event: 'close', done: () => void): unknown }): Promise<void> =>
  new Promise((done) => socket.once('close', done))
const portOf = ({ peer }: Coordinator): number => peer.addresses[0]?.port ?? 0
/** As one that the first knows, by TLS alone. */
const opened = (one: Coordinator, known: Identity, session?: Buffer): TLSSocket =>
  connect({
    host: HOST,
    port: portOf(one),
    cert: known.certificate,
    key: known.privateKey,
    ca: known.authority,
    checkServerIdentity: () => undefined,
    ...(session ? { session } : {}),
  })
const becomes = async (one: Coordinator, counter: string, count = 1): Promise<void> => {
  await expect.poll(() => one.counts.get(counter), soon).toBe(count)
}

describe('TLS lets nobody in', () => {
  const shake = async (one: Coordinator, options: ConnectionOptions): Promise<void> => {
    const socket = connect({ host: HOST, port: portOf(one), rejectUnauthorized: false, ...options })
    socket.on('error', () => undefined)
    await closed(socket)
  }
  it('without a certificate', async () => {
    const { one } = await pair()
    await shake(one, {})
    await becomes(one, 'drop-connection-certificate')
    expect(one.troubles.get('drop-connection-certificate')?.message).toContain(HOST)
  })
  it('of another cluster of the same name, a known key or not', async () => {
    const { one, known } = await pair()
    const { certificate, privateKey } = await identityOf('two', OTHER)
    await shake(one, { cert: certificate, key: privateKey })
    await becomes(one, 'drop-connection-certificate')
    const publicKey = createPublicKey(known.privateKey).export({ type: 'spki', format: 'pem' }).toString()
    const again = await signCertificate(OTHER, { name: 'two', publicKey })
    await shake(one, { cert: again, key: known.privateKey })
    await becomes(one, 'drop-connection-certificate', 2)
  })
  it('of an older TLS', async () => {
    const { one, known } = await pair()
    await shake(one, { cert: known.certificate, key: known.privateKey, maxVersion: 'TLSv1.2' })
    await becomes(one, 'drop-connection-tls')
  })
  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['garbage', '\u0000\u0001garbage\u00ff'.repeat(99)],
  ])('with plain %s', async (_, text) => {
    const { one } = await pair()
    const socket = connectPlain(portOf(one), HOST)
    socket.on('error', () => undefined)
    socket.end(text)
    socket.resume()
    await closed(socket)
    await becomes(one, 'drop-connection-tls')
  })
  it('to wait without end, or in numbers: others still get in', async () => {
    const one = await coordinator(1, { options: { waiting: [6, 4] } })
    const two = await coordinator(2)
    const open = Array.from({ length: 12 }, () => connectPlain(portOf(one), HOST).on('error', () => undefined))
    onTestFinished(() => open.forEach((socket) => socket.destroy()))
    await expect.poll(() => one.counts.get('drop-connection-crowded'), soon).toBeGreaterThanOrEqual(8)
    for (const socket of open) socket.destroy()
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
  })
})

it('whoever connects without end is told of now and then, and counted each time', () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const [counts, told]: [string[], string[]] = [[], []]
  const strangers = new Strangers({
    count: (counter) => counts.push(counter),
    trouble: (_, trouble) => told.push(trouble?.message ?? ''),
  })
  for (let at = 0; at < 100; at++) {
    strangers.refused('drop-connection-key', '192.0.2.7')
    strangers.refused('drop-connection-request', '192.0.2.7')
    vi.advanceTimersByTime(99)
  }
  strangers.refused('drop-connection-certificate', undefined)
  expect(counts).toHaveLength(201)
  expect(told).toEqual([
    expect.stringMatching(/^192\.0\.2\.7 .* a key that is no node's/),
    expect.stringMatching(/^192\.0\.2\.7 .* a key that is no node's/),
    expect.stringMatching(/^somebody .* no certificate/),
  ])
})

describe('a certificate of this cluster', () => {
  it('has some connections, from whatever address, and others still get in', async () => {
    const [one, two] = [await coordinator(1, { options: { open: [64, 3] } }), await coordinator(2)]
    const node = await identityOf('rs1')
    const open = Array.from({ length: 8 }, () => opened(one, node).on('error', () => undefined))
    onTestFinished(() => open.forEach((socket) => socket.destroy()))
    await becomes(one, 'drop-connection-crowded', 5)
    expect(one.troubles.get('drop-connection-crowded')?.message).toMatch(/more connections than any node/)
    introduce(one, two)
    await Promise.all([meet(one, two), meet(two, one)])
    for (const socket of open) socket.destroy()
    const again = opened(one, node).on('error', () => undefined)
    onTestFinished(() => void again.destroy())
    await once(again, 'secureConnect')
    expect(one.counts.get('drop-connection-crowded')).toBe(5)
  })
  it('is shown on each connection: nobody comes back by a ticket', async () => {
    const { one, known } = await pair()
    const comes = async (session?: Buffer): Promise<{ isAgain: boolean; session: Buffer | undefined }> => {
      const tls = opened(one, known, session)
      let ticket: Buffer | undefined
      tls.on('session', (given) => (ticket = given))
      tls.on('error', () => undefined)
      await once(tls, 'secureConnect')
      const isAgain = tls.isSessionReused()
      // What comes with its answer came before that.
      tls.write('GET /peer HTTP/1.1\r\nHost: x\r\n\r\n')
      await once(tls, 'data')
      tls.destroy()
      return { isAgain, session: ticket }
    }
    const first = await comes()
    expect((await comes(first.session)).isAgain).toBe(false)
  })
  it('with a key that is nobody’s is hung up on', async () => {
    const { one } = await pair()
    const socket = stranger(one, await identityOf('three'), MESSAGES)
    const [error]: unknown[] = await once(socket, 'error')
    expect(String(error)).toContain('403')
    await becomes(one, 'drop-connection-key')
    expect(one.troubles.get('drop-connection-key')).toMatchObject({ code: 'stranger', severity: 'warning' })
  })
  it('is told that there is nothing elsewhere', async () => {
    const { one, known } = await pair()
    const socket = stranger(one, known, '/elsewhere' as typeof MESSAGES)
    const [error]: unknown[] = await once(socket, 'error')
    expect(String(error)).toContain('404')
    const tls = opened(one, known)
    tls.write('GET /peer HTTP/1.1\r\nHost: x\r\n\r\n')
    const [answer]: unknown[] = await once(tls, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1.1 404/)
    const garbage = opened(one, known)
    garbage.on('error', () => undefined)
    garbage.write('\u0000'.repeat(99))
    garbage.resume()
    await closed(garbage)
    await becomes(one, 'drop-connection-request', 3)
  })
})

describe('a peer that lies', () => {
  let one: Coordinator
  let send: (text: string | Buffer) => void
  const begin = async (): Promise<void> => {
    const made = await pair()
    one = made.one
    const socket = await visit(one, made.known, MESSAGES)
    send = (text) => socket.send(text)
  }
  const encoded = (message: object): string => JSON.stringify({ v: 1, least: 1, ...message })

  it('about who it is, or to whom it speaks, is not heard', async () => {
    await begin()
    send(encoded(ask(3, 1, 'as another')))
    send(encoded(ask(1, 1, 'as this one')))
    send(encoded(ask(2, 3, 'to another')))
    send(encoded(ask(2, 1, 'true')))
    await expect.poll(() => one.heard, soon).toEqual([ask(2, 1, 'true')])
    expect(one.counts.get('drop-peer-misaddressed')).toBe(3)
  })
  it('or is newer, or broken, costs its message only', async () => {
    await begin()
    send(encoded({ ...ask(2, 1, 'newer'), least: 2 }))
    send(encoded({ ...ask(2, 1, 'other'), kind: 'lately' }))
    send('{')
    send('['.repeat(100_000))
    send(Buffer.from(encoded(ask(2, 1, 'as bytes'))))
    send(encoded(ask(2, 1, 'true')))
    await expect.poll(() => one.heard, soon).toEqual([ask(2, 1, 'true')])
    expect(Object.fromEntries(one.counts)).toMatchObject({
      'drop-peer-newer': 1,
      'drop-peer-unknown-kind': 1,
      'drop-peer-malformed': 3,
    })
  })
  it('in any way does not end this process', async () => {
    await begin()
    const texts = fc.sample(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.dictionary(fc.string(), fc.jsonValue()).map((fields) => encoded({ ...ask(2, 1, 'x'), ...fields })),
      ),
      500,
    )
    for (const text of texts) send(text)
    send(encoded(ask(2, 1, 'last')))
    await expect.poll(() => one.heard.at(-1), soon).toEqual(ask(2, 1, 'last'))
  })
  it.each<[string, (raw: { write(bytes: Buffer): void }) => void]>([
    ['with frames that are none', (raw) => raw.write(Buffer.alloc(64, 0xff))],
    [
      'with a frame that says it is larger than any message',
      (raw) => raw.write(Buffer.from('81ff00000000ffffffff00000000', 'hex')),
    ],
    ['with text that is no UTF-8', (raw) => raw.write(Buffer.from('818200000000c328', 'hex'))],
  ])('%s is hung up on', async (_, write) => {
    const made = await pair()
    const socket = await visit(made.one, made.known, MESSAGES)
    const raw: unknown = Reflect.get(socket, '_socket')
    write(raw as { write(bytes: Buffer): void })
    await closed(socket)
    await becomes(made.one, 'drop-peer-malformed')
  })
  it('by pings without end, of which it reads no answer, fills no memory', async () => {
    const made = await pair()
    const socket = await visit(made.one, made.known, MESSAGES)
    socket.pause()
    let answers = 0
    socket.on('pong', () => (answers += 1))
    for (let round = 0; round < 40; round++) {
      for (let at = 0; at < 5000; at++) socket.ping(Buffer.alloc(120))
      await new Promise((done) => setImmediate(done))
    }
    socket.send(encoded(ask(2, 1, 'last')))
    await expect.poll(() => made.one.heard.length, soon).toBe(1)
    socket.resume()
    socket.ping('end')
    await new Promise<void>((done) => socket.on('pong', (data) => String(data) === '' && done()))
    // What the two kernels hold, and 64 KiB: not 200,000.
    expect(answers).toBeLessThan(150_000)
  })
  it('to the place of snapshots with a message is hung up on', async () => {
    const made = await pair()
    const socket = await visit(made.one, made.known, SNAPSHOTS)
    socket.send(encoded(ask(2, 1, 'x')))
    await closed(socket)
    await becomes(made.one, 'drop-peer-unknown-kind')
  })
})
