/** `lvsm-coordinator` as a process: it begins a cluster's configuration, answers on its socket, is killed, and has it all. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { request as requestTls, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderDocument } from '@lvsm/changes'
import { decodeToken, fingerprintOf, fingerprintOfKey, makeKeyPair } from '@lvsm/trust'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { DOCUMENT } from '../packages/changes/src/fixture.ts'
import { MACHINE } from './core/machine.ts'
import { program } from '../test/kit/programs.ts'

interface Ended {
  readonly code: number | null
  readonly said: string
}
class Place {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-process-')))
  readonly file = join(this.directory, 'lvsm.yaml')
  readonly #running: ChildProcess[] = []
  said = ''

  constructor() {
    writeFileSync(this.file, renderDocument(DOCUMENT, 1).replace('/etc/lvsm/key', 'heartbeat.key'))
    writeFileSync(join(this.directory, 'heartbeat.key'), '9b'.repeat(32), { mode: 0o600 })
    onTestFinished(() => {
      for (const child of this.#running) child.kill('SIGKILL')
      rmSync(this.directory, { recursive: true, force: true })
    })
  }
  get words(): string[] {
    return ['--state-dir', join(this.directory, 'state'), '--run-dir', join(this.directory, 'run')]
  }
  begin(...words: string[]): ChildProcess {
    const child = spawn(process.execPath, ['--disable-sigusr1', program('lvsm-coordinator'), ...words, ...this.words])
    this.#running.push(child)
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.said += String(text)))
    return child
  }
  async run(...words: string[]): Promise<Ended> {
    this.said = ''
    const child = this.begin(...words)
    await once(child, 'close')
    return { code: child.exitCode, said: this.said }
  }
  found(port: number, ...more: string[]): Promise<Ended> {
    const words = ['--node', 'dir1', '--listen', `127.0.0.1:${port}`, '--identity', join(this.directory, 'node.json')]
    return this.run('--found', this.file, ...words, ...more)
  }
  async start(): Promise<ChildProcess> {
    const child = this.begin()
    await vi.waitUntil(async () => (await this.ask('GET', '/v1/config').catch(() => null))?.status === 200, {
      timeout: 60_000,
      interval: 50,
    })
    return child
  }
  ask(method: string, path: string, body?: object): Promise<{ status: number; value: unknown }> {
    const socketPath = join(this.directory, 'run', 'coordinator.sock')
    return new Promise((resolve, reject) => {
      const outgoing = request({ socketPath, method, path, agent: false }, (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => (text += String(chunk)))
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, value: JSON.parse(text) }))
      })
      outgoing.on('error', reject)
      outgoing.end(body && JSON.stringify(body))
    })
  }
  weigh(weight: number) {
    const command = {
      verb: 'set',
      noun: 'server',
      which: { service: 'http', server: 'rs1' },
      values: { weight },
      model: 1,
    }
    return this.ask('POST', '/v1/config/change', { change: { command }, base: null, comment: 'heavier' })
  }
}
let port = 21_000 + (process.pid % 20_000)

test('it begins once, answers, and has after SIGKILL what it acknowledged', async () => {
  const place = new Place()
  expect(await place.found(++port)).toMatchObject({ code: 0, said: expect.stringMatching(/as revision 1\n.*start/) })
  expect(await place.found(port)).toMatchObject({ code: 78, said: expect.stringMatching(/is there already/) })
  const first = await place.start()
  expect(await place.run()).toMatchObject({ code: 75, said: expect.stringMatching(/already runs/) })
  expect(await place.weigh(7)).toMatchObject({ status: 200, value: { outcome: 'done', revision: 2 } })
  first.kill('SIGKILL')
  await once(first, 'close')
  // As a backup that was under way leaves it: the keys stand in it.
  writeFileSync(join(place.directory, 'state', 'backup-0123456789abcdef.db-wal'), 'secret', { mode: 0o600 })
  const second = await place.start()
  expect(readdirSync(join(place.directory, 'state')).filter((name) => name.startsWith('backup'))).toEqual([])
  expect((await place.ask('GET', '/v1/config/history')).value).toMatchObject({
    newest: 2,
    revisions: [{ comment: 'heavier' }, { number: 1 }],
  })
  second.kill('SIGTERM')
  await once(second, 'close')
  expect(second.exitCode).toBe(0)
  expect(place.said).toMatch(/leads the coordinators[^]*SIGTERM: leaves/)
})

test('a machine comes in over its port for people, by a token that was made on the socket', async () => {
  const place = new Place()
  const [nodes, api] = [++port, ++port]
  expect(await place.found(nodes, '--api', `127.0.0.1:${api}`)).toMatchObject({ code: 0 })
  await place.start()
  const made = await place.ask('POST', '/v1/tokens/create', {})
  const token = decodeToken((made.value as { token: string }).token)
  expect(token).toMatchObject({ cluster: 'lab', to: [{ host: '127.0.0.1', port: api }] })
  const authority = await overTls(api, 'GET', '/v1/authority', { rejectUnauthorized: false })
  const { authority: ca } = authority.value as { authority: string }
  expect(fingerprintOf(ca)).toBe(token?.pin)
  const pair = makeKeyPair()
  const asked = { token: { id: token?.id, secret: token?.secret }, name: 'rs1', node: null, model: 1 }
  const joined = await overTls(api, 'POST', '/v1/join', { ca }, { ...asked, key: pair.publicKey })
  expect(joined).toMatchObject({
    status: 200,
    value: {
      name: 'rs1',
      coordinators: [{ addresses: [{ host: '127.0.0.1', port: nodes }] }],
      keys: [{ id: 1, file: 'heartbeat.key', digits: '9b'.repeat(32) }],
    },
  })
  const { certificate } = joined.value as { certificate: string }
  expect(fingerprintOf(certificate)).toBe(fingerprintOfKey(pair.publicKey))
  // The port for nodes takes it for one of the cluster: only the path is nobody's.
  const own = { ca, cert: certificate, key: pair.privateKey, checkServerIdentity: () => undefined }
  expect((await overTls(nodes, 'GET', '/', own)).status).toBe(404)
  expect((await overTls(api, 'GET', '/health', { ca })).value).toEqual({ status: 'ok' })
  expect(place.said).toMatch(/audit: rs1 from 127\.0\.0\.1: POST \/v1\/join: 200/)
  expect(place.said).not.toContain(token?.secret)
})

test('it moves while it is stopped, and tokens name it where it is then', async () => {
  const place = new Place()
  const [nodes, api, later, people] = [++port, ++port, ++port, ++port]
  expect(await place.found(nodes, '--api', `127.0.0.1:${api}`)).toMatchObject({ code: 0 })
  const words = ['--move', '--listen', `127.0.0.1:${later}`, '--api', `127.0.0.1:${people}`]
  const first = await place.start()
  expect(await place.run(...words)).toMatchObject({ code: 75, said: expect.stringMatching(/already runs/) })
  first.kill('SIGTERM')
  await once(first, 'close')
  expect(await place.run(...words)).toMatchObject({
    code: 0,
    said: expect.stringMatching(/has other addresses\n.*start/),
  })
  await place.start()
  await vi.waitUntil(() => place.said.includes('know where this one is now'), { timeout: 60_000 })
  const made = await place.ask('POST', '/v1/tokens/create', {})
  expect(decodeToken((made.value as { token: string }).token)?.to).toEqual([{ host: '127.0.0.1', port: people }])
  expect((await overTls(people, 'GET', '/v1/authority', { rejectUnauthorized: false })).status).toBe(200)
})

test('a key that came later: no token is used up before root gave its secret, and then machines get it', async () => {
  const place = new Place()
  const [nodes, api] = [++port, ++port]
  expect(await place.found(nodes, '--api', `127.0.0.1:${api}`)).toMatchObject({ code: 0 })
  await place.start()
  const command = { verb: 'add', noun: 'key', which: { key: '2' }, values: { file: '/etc/lvsm/key2' }, model: 1 }
  const added = await place.ask('POST', '/v1/config/change', { change: { command }, base: null, comment: '' })
  expect(added).toMatchObject({ status: 200, value: { outcome: 'done' } })
  await vi.waitUntil(() => place.said.includes('does not have the secret of heartbeat key 2 (/etc/lvsm/key2)'), {
    timeout: 60_000,
  })
  const made = await place.ask('POST', '/v1/tokens/create', {})
  const token = decodeToken((made.value as { token: string }).token)
  const asked = { token: { id: token?.id, secret: token?.secret }, name: 'rs1', node: null, model: 1 }
  const join = () =>
    overTls(api, 'POST', '/v1/join', { rejectUnauthorized: false }, { ...asked, key: makeKeyPair().publicKey })
  expect(await join()).toMatchObject({ status: 503, value: { refusals: [{ code: 'no-heartbeat-key' }] } })
  const [old, late] = ['9b', '7c'].map((byte) => byte.repeat(32))
  const keys = [{ id: 2, file: '/etc/lvsm/key2', digits: late }]
  const given = await place.ask('POST', '/v1/heartbeat-secrets', { keys })
  expect(given).toEqual({ status: 200, value: { outcome: 'done', taken: [2], missing: [] } })
  expect(await place.ask('POST', '/v1/heartbeat-secrets', { keys: [{ ...keys[0], digits: 'x' }] })).toMatchObject({
    status: 400,
  })
  expect(await join()).toMatchObject({ status: 200, value: { keys: [{ digits: old }, { digits: late }] } })
  expect(place.said).toMatch(/over: lvsm-coordinator of dir1 does not have the secret/)
  expect(place.said).toMatch(/audit: .* from socket: POST \/v1\/heartbeat-secrets: 200/)
  expect(place.said).not.toContain(late)
})

function overTls(at: number, method: string, path: string, options: RequestOptions, body?: object) {
  return new Promise<{ status: number; value: unknown }>((resolve, reject) => {
    const where = { host: '127.0.0.1', port: at, method, path, agent: false, ...options } as const
    const outgoing = requestTls(where, (incoming) => {
      let text = ''
      incoming.on('data', (chunk) => (text += String(chunk)))
      incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, value: text && JSON.parse(text) }))
    })
    outgoing.on('error', reject)
    outgoing.end(body && JSON.stringify(body))
  })
}

test('the first user logs in at once, with the password of standard input', async () => {
  const place = new Place()
  const [nodes, api] = [++port, ++port]
  const words = ['--node', 'dir1', '--listen', `127.0.0.1:${nodes}`, '--identity', join(place.directory, 'node.json')]
  const child = place.begin('--found', place.file, ...words, '--api', `127.0.0.1:${api}`, '--admin', 'admin')
  child.stdin?.end('correct horse\n')
  await once(child, 'close')
  expect([child.exitCode, place.said]).toEqual([0, expect.stringMatching(/as revision 1/)])
  await place.start()
  const { value } = await overTls(api, 'GET', '/v1/authority', { rejectUnauthorized: false })
  const { authority: ca } = value as { authority: string }
  const login = (password: string) => overTls(api, 'POST', '/v1/login', { ca }, { user: 'admin', password })
  expect(await login('correct horse')).toMatchObject({ status: 200, value: { user: 'admin', role: 'admin' } })
  expect((await login('another horse')).status).toBe(401)
})

/** `lvsm WORDS`, asking that coordinator. */
async function lvsm(place: Place, ...words: string[]): Promise<Ended> {
  const socket = join(place.directory, 'run', 'coordinator.sock')
  const child = spawn(process.execPath, [program('lvsm'), '--coordinator-socket', socket, ...words])
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)))
  await once(child, 'close')
  return { code: child.exitCode, said }
}

test('a backup is whole, has the newest revision and the keys, is for its owner, and writes over nothing', async () => {
  const place = new Place()
  await place.found(++port)
  await place.start()
  await place.weigh(7)
  const file = join(place.directory, 'copy.db')
  // Others write meanwhile.
  const [made] = await Promise.all([lvsm(place, 'backup', file), place.weigh(8), place.weigh(9)])
  expect(made).toMatchObject({
    code: 0,
    said: expect.stringMatching(/copy\.db: cluster lab with revision [2-4], checked\n.*keys/),
  })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const database = new Database(file, { readonly: true })
  onTestFinished(() => void database.close())
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  const rows = database.prepare<[], { key: string; body: string }>('SELECT key, body FROM state').all()
  const read = MACHINE.stateOf(new Map(rows.map(({ key, body }): [string, unknown] => [key, JSON.parse(body)])))
  const newest = read?.state.configured?.history.revisions.at(-1)
  const [, revision = 0] = /revision (\d)/.exec(made.said) ?? []
  expect(newest?.number).toBeGreaterThanOrEqual(Number(revision))
  expect(newest?.comment).toBe('heavier')
  const kept = database
    .prepare<[], { name: string; content: string }>('SELECT name, content FROM files ORDER BY name')
    .all()
  expect(kept.map(({ name }) => name)).toEqual([
    'authority.crt',
    'authority.key',
    'coordinator.json',
    'heartbeat-keys.json',
    'node.crt',
    'node.key',
  ])
  for (const { name, content } of kept) expect(content).toBe(readFileSync(join(place.directory, 'state', name), 'utf8'))
  const before = readFileSync(file)
  expect(await lvsm(place, 'backup', file)).toMatchObject({
    code: 2,
    said: expect.stringMatching(/it is there already[^]*not there yet/),
  })
  expect(readFileSync(file).equals(before)).toBe(true)
  expect(readdirSync(join(place.directory, 'state')).filter((name) => name.startsWith('backup'))).toEqual([])
  expect(place.said).toMatch(/audit: .*POST \/v1\/backup: 200 revision/)
})

test('without the key of its authority it runs, and says why people do not reach it', async () => {
  const place = new Place()
  const [nodes, api] = [++port, ++port]
  await place.found(nodes, '--api', `127.0.0.1:${api}`)
  const { privateKey } = makeKeyPair()
  writeFileSync(join(place.directory, 'state', 'authority.key'), privateKey, { mode: 0o600 })
  await place.start()
  expect(place.said).toMatch(/port for people stays closed[^]*authority\.key/)
  await expect(overTls(api, 'GET', '/health', { rejectUnauthorized: false })).rejects.toThrow(/ECONNREFUSED/)
  expect((await place.ask('POST', '/v1/tokens/create', {})).status).toBe(200)
})

test('what was wanted for a while is over when its time has come by the clocks of a majority: its own', async () => {
  const place = new Place()
  await place.found(++port)
  await place.start()
  const subject = { kind: 'server', node: 'rs1', service: null }
  const command = { model: 1, verb: 'drain', subject, forMs: 1000, comment: '' }
  expect(await place.ask('POST', '/v1/facts/change', { command })).toMatchObject({ status: 200 })
  const facts = async () => (await place.ask('GET', '/v1/facts')).value
  await vi.waitUntil(async () => JSON.stringify(await facts()).includes('"facts":[]'), {
    timeout: 60_000,
    interval: 50,
  })
})

test('without a home it says how to get one', async () => {
  const place = new Place()
  expect(await place.run()).toMatchObject({ code: 78, said: expect.stringMatching(/coordinator\.json.*\n.*lvsm init/) })
  expect(await place.run('--listen', '10.0.0.1')).toMatchObject({ code: 64, said: expect.stringMatching(/usage:/) })
  expect(await place.run('--version')).toMatchObject({ code: 0, said: expect.stringMatching(/^lvsm-coordinator \d/) })
})
