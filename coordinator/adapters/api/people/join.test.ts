import { X509Certificate } from 'node:crypto'
import type { KeyFile } from '@lvsm/protocol'
import { fingerprintOfKey, makeKeyPair } from '@lvsm/trust'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { AUTHORITY, DIGITS, startPeople, type TestPeople, TOKEN_ID, tokenOf } from './fixture.ts'

const NODE = { roles: ['realserver'], links: [{ name: 'inside', address: '10.12.0.19' }] }
const PAIR = makeKeyPair()
type Token = Awaited<ReturnType<typeof tokenOf>>
const asked = (token: Token, more: object = {}) => ({ token, name: 'rs9', node: NODE, model: 1, ...more })
const join = ({ ask }: TestPeople, token: Token, more: object = {}) =>
  ask('POST', '/v1/join', { body: asked(token, { key: PAIR.publicKey, ...more }) })
const preview = ({ ask }: TestPeople, token: Token, more: object = {}) =>
  ask('POST', '/v1/join/preview', { body: asked(token, more) })
const COORDINATORS = [
  { addresses: [{ host: '10.12.0.1', port: 7446 }], key: '01'.repeat(32) },
  { addresses: [{ host: '10.12.0.2', port: 7446 }], key: '02'.repeat(32) },
]
const stateOf = ({ configuration }: TestPeople) => {
  const state = configuration.known()
  if (!state) throw new Error('there is none')
  return state
}

describe('a machine that is tried from here', () => {
  const word = '5a'.repeat(16)
  const reach = ({ ask }: TestPeople, token: Token, more: object = {}) =>
    ask('POST', '/v1/join/reach', { body: { token, name: 'rs9', tcp: [], word, ...more } })
  it('is told what arrived: its word by UDP, and which ports took a connection', async () => {
    const people = await startPeople()
    const token = await tokenOf(people)
    const socket = createSocket('udp4').on('message', (bytes, { port, address }) => socket.send(bytes, port, address))
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    onTestFinished(() => void socket.close())
    const here = { host: '127.0.0.1', port: people.port }
    const nowhere = { host: '127.0.0.1', port: 1 }
    const udp = { host: '127.0.0.1', port: socket.address().port }
    const heard = await reach(people, token, { udp, tcp: [here, nowhere] })
    expect(heard).toMatchObject({
      status: 200,
      value: { from: '127.0.0.1', answered: true, tcp: [null, expect.stringMatching(/ECONNREFUSED/)] },
    })
    expect((await reach(people, token, { udp: nowhere })).value).toMatchObject({ answered: false })
    expect(people.configuration.log).toHaveLength(1)
  })
  it('shows a token before anything is tried', async () => {
    const people = await startPeople()
    const token = { id: TOKEN_ID, secret: 'ab'.repeat(16) }
    const udp = { host: '127.0.0.1', port: 9 }
    expect(await reach(people, token, { udp })).toMatchObject({
      status: 403,
      value: { refusals: [{ code: 'token-unknown' }] },
    })
  })
})

describe('a machine with a token', () => {
  it('is told who signs here, without any trust', async () => {
    const { ask } = await startPeople()
    expect((await ask('GET', '/v1/authority')).value).toEqual({ authority: AUTHORITY.certificate })
  })
  it('is shown what would be, and nothing is changed', async () => {
    const people = await startPeople()
    const token = await tokenOf(people)
    const before = stateOf(people)
    expect(await preview(people, token)).toMatchObject({
      status: 200,
      value: { cluster: 'lab', node: NODE, present: false, coordinators: COORDINATORS, clock: people.now },
    })
    expect((await preview(people, token, { name: 'rs1', node: null })).value).toMatchObject({
      present: true,
      node: { roles: ['realserver'] },
    })
    expect(stateOf(people)).toBe(before)
    expect(people.configuration.log).toHaveLength(1)
  })
  it('comes in: with a certificate for its key, the coordinators, and the keys of the heartbeat', async () => {
    const people = await startPeople()
    const token = await tokenOf(people)
    const { status, value } = await join(people, token)
    expect([status, value]).toMatchObject([
      200,
      {
        cluster: 'lab',
        name: 'rs9',
        authority: AUTHORITY.certificate,
        coordinators: COORDINATORS,
        keys: [{ id: 1, file: '/etc/lvsm/key', digits: DIGITS }],
        revision: 2,
      },
    ])
    const certificate = new X509Certificate((value as { certificate: string }).certificate)
    expect(certificate.checkIssued(new X509Certificate(AUTHORITY.certificate))).toBe(true)
    expect(certificate.publicKey.export({ type: 'spki', format: 'pem' })).toBe(PAIR.publicKey)
    const key = fingerprintOfKey(PAIR.publicKey)
    expect(stateOf(people).enrolled.nodes).toEqual([{ name: 'rs9', key, at: people.now, token: TOKEN_ID }])
    expect(JSON.stringify(people.configuration.log)).not.toContain(token.secret)
  })
  it('whose answer was lost asks again, is shown itself, and comes in once', async () => {
    const people = await startPeople()
    const token = await tokenOf(people)
    people.configuration.weather = 'lost'
    expect(await join(people, token)).toMatchObject({ status: 202, value: { refusals: [{ code: 'unknown' }] } })
    people.configuration.weather = 'fine'
    expect((await preview(people, token)).value).toMatchObject({ present: true, node: NODE })
    expect(await join(people, token)).toMatchObject({ status: 200, value: { revision: 2 } })
    expect(stateOf(people).enrolled.nodes).toHaveLength(1)
  })
  it('is told beforehand of a key that no coordinator knows, while its token is good for another try', async () => {
    const people = await startPeople({ heartbeatKeys: () => [] })
    const token = await tokenOf(people)
    expect((await preview(people, token)).value).toMatchObject({ missing: [{ id: 1, file: '/etc/lvsm/key' }] })
    const other = await startPeople()
    expect((await preview(other, await tokenOf(other))).value).toMatchObject({ missing: [] })
  })
  it('gets no digits of a key that no coordinator knows, or that stands in another file', async () => {
    const people = await startPeople({ heartbeatKeys: () => [{ id: 1, file: '/etc/other', digits: DIGITS }] })
    const { value } = await join(people, await tokenOf(people), { has: [1] })
    expect(value).toMatchObject({ keys: [{ id: 1, file: '/etc/lvsm/key', digits: null }] })
  })
  it('that does not have such a key uses up no token, and comes in by it when the coordinator has it', async () => {
    let known: KeyFile[] = []
    const people = await startPeople({ heartbeatKeys: () => known })
    const token = await tokenOf(people)
    for (const more of [{}, { has: [] }, { has: [7] }])
      expect(await join(people, token, more)).toMatchObject({
        status: 503,
        value: { refusals: [{ code: 'no-heartbeat-key', hint: expect.stringContaining('lvsm coordinators secrets') }] },
      })
    expect(people.configuration.log.map(({ kind }) => kind)).toEqual(['token'])
    known = [{ id: 1, file: '/etc/lvsm/key', digits: DIGITS }]
    expect(await join(people, token)).toMatchObject({ status: 200, value: { keys: [{ digits: DIGITS }] } })
  })
})

describe('a machine stays outside', () => {
  it.each<[string, object, object, number, string]>([
    ['with a token that was cut off', {}, { token: { id: TOKEN_ID, secret: '00'.repeat(16) } }, 403, 'token-unknown'],
    ['with a token for another node', { node: 'rs1' }, {}, 403, 'token-node'],
    ['with a token for another role', { roles: ['director'] }, {}, 403, 'token-role'],
    ['as what nobody knows', {}, { node: null }, 422, 'unknown-node'],
    ['as what the rules refuse', {}, { node: { ...NODE, roles: ['king'] } }, 422, 'bad-value'],
    ['of a later model', {}, { model: 99 }, 422, 'model-too-new'],
  ])('%s', async (_, terms, more, status, code) => {
    const people = await startPeople()
    const token = await tokenOf(people, terms)
    for (const heard of [await preview(people, token, more), await join(people, token, more)])
      expect([heard.status, heard.value]).toMatchObject([status, { refusals: [{ code, hint: expect.any(String) }] }])
    expect(stateOf(people).enrolled.nodes).toEqual([])
    // Whoever stays outside leaves nothing in the log.
    expect(people.configuration.log).toHaveLength(1)
  })
  it('under a name or with a key of another machine', async () => {
    const people = await startPeople()
    const token = await tokenOf(people, { uses: 3 })
    await join(people, token)
    const other = { key: makeKeyPair().publicKey }
    expect(await join(people, token, other)).toMatchObject({
      status: 409,
      value: { refusals: [{ code: 'name-taken' }] },
    })
    expect(await join(people, token, { name: 'rs1', node: null })).toMatchObject({
      status: 409,
      value: { refusals: [{ code: 'key-taken' }] },
    })
  })
  it.each([
    ['a private key', PAIR.privateKey],
    ['no key', 'x'],
    ['an empty one', ''],
  ])('with %s', async (_, key) => {
    const people = await startPeople()
    expect((await join(people, await tokenOf(people), { key })).status).toBe(400)
    expect(people.configuration.log).toHaveLength(1)
    expect(people.crashes).toEqual([])
  })
  it('while the coordinators have no leader, and comes in later', async () => {
    const people = await startPeople()
    const token = await tokenOf(people)
    people.configuration.weather = 'cut-off'
    for (const heard of [await preview(people, token), await join(people, token)])
      expect(heard).toMatchObject({ status: 503, value: { refusals: [{ code: 'no-leader' }] } })
    people.configuration.weather = 'fine'
    expect((await join(people, token)).status).toBe(200)
  })
  it('while it is not known what time it is by the clocks of a majority, and comes in later', async () => {
    let agreed: number | null = null
    const people = await startPeople({ agreedClock: () => agreed })
    const token = await tokenOf(people)
    // By the own clock the token would be over.
    people.now += 86_400_000
    for (const heard of [await preview(people, token), await join(people, token)])
      expect(heard).toMatchObject({ status: 503, value: { refusals: [{ code: 'no-time' }] } })
    agreed = people.now - 86_400_000
    expect((await join(people, token)).status).toBe(200)
  })
  it('after too many tries, whatever it tried, and whoever looks later reads of the joins', async () => {
    const people = await startPeople()
    const wrong = { ...(await tokenOf(people)), secret: '00'.repeat(16) }
    await join(people, wrong)
    expect(people.said).toEqual(['audit: rs9 from 127.0.0.1: POST /v1/join: 403 token-unknown'])
    const statuses: number[] = []
    for (let at = 0; at < 24; at++) statuses.push((await preview(people, wrong)).status)
    expect(statuses).toContain(429)
    expect(people.said).toHaveLength(1)
  })
  it('after too many tries, and is told for how long', async () => {
    const people = await startPeople()
    const token = await tokenOf(people)
    const wrong = { ...token, secret: '00'.repeat(16) }
    const statuses: number[] = []
    for (let at = 0; at < 24; at++) statuses.push((await join(people, wrong)).status)
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(403))
    expect(statuses).toContain(429)
    const heard = await join(people, token)
    expect(heard).toMatchObject({ status: 429, value: { refusals: [{ code: 'too-many-tries' }] } })
    expect(Number(heard.headers['retry-after'])).toBeGreaterThan(0)
    expect(stateOf(people).enrolled.nodes).toEqual([])
  })
})
