/** What somebody asks on a node without a coordinator: through its agent's socket, over TLS, to a coordinator, and back. */
import { once } from 'node:events'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodePassing, LONGEST_NAME } from '@lvsm/protocol'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  coordinator,
  type Coordinator,
  type Identity,
  identityOf,
  stranger,
  visit,
} from '../../coordinator/adapters/links/fixture.ts'
import { openPassage } from '../../coordinator/adapters/api/passage.ts'
import { hostOf, MemoryConfiguration } from '../../test/kit/configuration.ts'
import { PASSING } from '../nodelink/dial.ts'
import { type ControlEvents, serveControl } from './adapters/control.ts'
import { Passage } from './adapters/feed/passage.ts'

const fault = (error: unknown): never => {
  throw error
}
/** A coordinator that knows `node` as its key says. */
async function world(node: string) {
  const configuration = new MemoryConfiguration()
  const [one, identity] = [await coordinator(1), await identityOf(node)]
  const said: string[] = []
  const crashes: unknown[] = []
  openPassage(one.server, {
    configuration,
    host: hostOf((line) => said.push(line)),
    wallClock: () => 1000,
    crashed: (error) => crashes.push(error),
  })
  configuration.admit(node, identity.key)
  return { configuration, one, identity, said, crashes, ask: askingOver(identity, one) }
}
const placeOf = ({ peer }: Coordinator) => ({ address: peer.addresses[0] ?? fault('no address'), key: peer.key })

/** Asks the socket of the agent of `identity`. */
function askingOver(identity: Identity, ...to: readonly Coordinator[]) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-passing-')))
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
  const path = join(directory, 'agent.sock')
  const passage = new Passage(identity, () => to.map(placeOf))
  const events: ControlEvents = {
    pass: (asked) => passage.pass(asked),
    status: fault as never,
    events: fault as never,
    cluster: fault as never,
    checks: fault as never,
    recorded: fault as never,
    alerts: fault as never,
    fence: fault as never,
    stats: fault,
    rates: fault as never,
    metrics: fault,
    connections: fault,
    command: fault as never,
    count: () => undefined,
    failed: fault,
    mayAgain: () => true,
    say: () => undefined,
  }
  const control = serveControl(path, events)
  onTestFinished(() => control.close())
  return (method: string, url: string, body?: object, headers = {}) =>
    new Promise<{ status: number; etag: string | undefined; value: unknown }>((resolve, reject) => {
      const outgoing = request({ socketPath: path, method, path: url, headers, agent: false }, (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => (text += String(chunk)))
        incoming.on('end', () => {
          resolve({ status: incoming.statusCode ?? 0, etag: incoming.headers.etag, value: JSON.parse(text) })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body && JSON.stringify(body))
    })
}
const command = {
  verb: 'set',
  noun: 'server',
  which: { service: 'http', server: 'rs1' },
  values: { weight: 7 },
  model: 1,
}
const CHANGE = { change: { command }, base: 1, comment: 'heavier' }
const drain = (node: string) => ({
  command: { model: 1, verb: 'drain', subject: { kind: 'server', node, service: null }, forMs: null, comment: '' },
})

describe('on a director', () => {
  it('all goes through: questions with their words, changes with who made them and where, entity tags', async () => {
    const { ask, configuration, said } = await world('dir1')
    expect(await ask('GET', '/v1/config?yaml=true')).toMatchObject({ status: 200, etag: '"1"', value: { revision: 1 } })
    expect(await ask('POST', '/v1/config/change', CHANGE)).toMatchObject({ status: 200, etag: '"2"' })
    expect(configuration.known()?.history.revisions.at(-1)).toMatchObject({
      author: expect.stringMatching(/^\S.* on dir1$/),
      at: 1000,
    })
    const { base: _, ...unsaid } = CHANGE
    expect(await ask('POST', '/v1/config/change', unsaid, { 'if-match': '"1"' })).toMatchObject({
      status: 409,
      value: { refusals: [{ code: 'stale-revision' }] },
    })
    expect(said.join('\n')).toMatch(/audit: .* on dir1 from node dir1: POST \/v1\/config\/change: 200 revision 2/)
  })
  it('a malformed one is refused with its field, and one that nobody knows by the agent', async () => {
    const { ask } = await world('dir1')
    expect(await ask('POST', '/v1/config/change', { moon: 1 })).toMatchObject({ status: 400 })
    expect((await ask('GET', '/v1/moon')).status).toBe(404)
  })
})

describe('on a director that is to be no coordinator', () => {
  it('its word is as good as that of a realserver: it holds nothing that lets machines in', async () => {
    const { ask, configuration } = await world('dir1')
    const values = { coordinator: false }
    const unnamed = { command: { verb: 'set', noun: 'node', which: { node: 'dir1' }, values, model: 1 } }
    expect((await ask('POST', '/v1/config/change', { ...CHANGE, change: unnamed })).status).toBe(200)
    expect((await ask('POST', '/v1/config/change', { ...CHANGE, base: 2 })).status).toBe(403)
    const { command: drained } = drain('dir1')
    const standby = { command: { ...drained, verb: 'standby', subject: { kind: 'node', node: 'dir1' } } }
    expect((await ask('POST', '/v1/facts/change', standby)).status).toBe(200)
    expect(configuration.log).toHaveLength(2)
  })
})

describe('on a realserver', () => {
  it('its word is good for looking, and for what is wanted of itself, and for nothing else', async () => {
    const { ask, configuration, said } = await world('rs1')
    expect((await ask('GET', '/v1/config/history')).status).toBe(200)
    expect((await ask('POST', '/v1/config/preview', CHANGE)).status).toBe(200)
    const refused = await ask('POST', '/v1/config/change', CHANGE)
    expect(refused).toMatchObject({
      status: 403,
      value: { refusals: [{ code: 'not-allowed', hint: expect.stringMatching(/run it as root on a director/) }] },
    })
    expect((await ask('GET', '/v1/users')).status).toBe(403)
    expect((await ask('POST', '/v1/facts/change', drain('rs2'))).status).toBe(403)
    expect(configuration.log).toEqual([])
    expect((await ask('POST', '/v1/facts/change', drain('rs1'))).status).toBe(200)
    expect(configuration.log).toMatchObject([{ kind: 'intent', author: expect.stringMatching(/ on rs1$/) }])
    expect(said.filter((line) => line.includes(': 403'))).toHaveLength(3)
  })
  it('that was removed meanwhile is not listened to', async () => {
    const { ask, configuration } = await world('rs1')
    configuration.admit('rs1', 'ab'.repeat(32))
    expect(await ask('GET', '/v1/config')).toMatchObject({
      status: 503,
      value: { refusals: [{ code: 'no-coordinator' }] },
    })
  })
})

it('a node that is removed while its connection is open is not listened to on that either', async () => {
  const { one, identity, configuration } = await world('dir1')
  const socket = await visit(one, identity, PASSING)
  configuration.admit('dir1', 'ab'.repeat(32))
  const answers: unknown[] = []
  socket.on('message', (data) => answers.push(data))
  const over = once(socket, 'close')
  const user = { name: 'root', role: 'admin' } as const
  socket.send(
    encodePassing({ kind: 'asked', method: 'POST', path: '/v1/config/change', body: JSON.stringify(CHANGE), user }),
  )
  await over
  expect(answers).toEqual([])
  expect(configuration.log).toEqual([])
})

describe('a node that asks without end', () => {
  it('fills no memory: it is refused at the door while it has four requests there, and others are answered', async () => {
    const { one, identity, configuration, ask } = await world('dir1')
    const held = await Promise.all(Array.from({ length: 4 }, () => visit(one, identity, PASSING)))
    const fifth = stranger(one, identity, PASSING)
    const [error]: unknown[] = await once(fifth, 'error')
    expect(String(error)).toContain('503')
    expect(one.counts.get('drop-connection-crowded')).toBe(1)
    expect(await ask('GET', '/v1/config')).toMatchObject({
      status: 503,
      value: { refusals: [{ message: expect.stringMatching(/as many requests as it can/) }] },
    })
    const other = await identityOf('dir2')
    configuration.admit('dir2', other.key)
    expect((await askingOver(other, one)('GET', '/v1/config')).status).toBe(200)
    configuration.admit('dir1', identity.key)
    held[0]?.terminate()
    await vi.waitUntil(async () => (await ask('GET', '/v1/config')).status === 200, { timeout: 20_000 })
  })
})

describe('a coordinator that is dead', () => {
  it('is passed over; all of them are told with each reason', async () => {
    const { one, identity, configuration } = await world('dir1')
    const dead = await coordinator(2)
    await dead.links.end()
    const ask = askingOver(identity, dead, one)
    expect((await ask('POST', '/v1/config/change', CHANGE)).status).toBe(200)
    expect(configuration.log).toHaveLength(1)
    const none = await askingOver(identity, dead)('GET', '/v1/config')
    expect(none).toMatchObject({
      status: 503,
      value: {
        refusals: [{ code: 'no-coordinator', message: expect.stringMatching(/127\.0\.0\.1:\d+: .*ECONNREFUSED/) }],
      },
    })
  })
  it('before it answered a question is passed over too: asking another one changes nothing', async () => {
    const { one, identity, configuration } = await world('dir1')
    configuration.read = () => one.links.end().then(() => new Promise(() => undefined))
    const other = await world('dir1')
    other.configuration.admit('dir1', identity.key)
    const ask = askingOver(identity, one, other.one)
    expect((await ask('GET', '/v1/config/history')).status).toBe(200)
  })
  it('before it answered a change is not asked again elsewhere: whoever asked hears that nobody knows', async () => {
    const { one, identity, configuration } = await world('dir1')
    configuration.write = () => one.links.end().then(() => new Promise(() => undefined))
    const other = await world('dir1')
    const ask = askingOver(identity, one, other.one)
    await expect(ask('POST', '/v1/config/change', CHANGE)).rejects.toThrow(/hang up|ECONNRESET/)
    expect(other.configuration.log).toEqual([])
  })
})

it('a name is cut before it is too long to be kept', async () => {
  const { identity, one, configuration } = await world('dir1')
  const passage = new Passage(identity, () => [placeOf(one)])
  const body = JSON.stringify(CHANGE)
  const user = { name: 'x'.repeat(LONGEST_NAME), role: 'admin' } as const
  await passage.pass({ kind: 'asked', method: 'POST', path: '/v1/config/change', body, user })
  expect(configuration.known()?.history.revisions.at(-1)?.author).toMatch(/^x+ on dir1$/)
})
