/** Roles, tokens of scripts, and what administrators do with them: over HTTPS. */
import { CONFIG_ROUTES, USER_ROLES } from '@lvsm/protocol'
import { decodeToken } from '@lvsm/trust'
import { describe, expect, it } from 'vitest'
import {
  logIn,
  originOf,
  PASSWORD,
  startPeople,
  type TestPeople,
  weightChange,
  withToken,
  withUser,
} from './fixture.ts'

const codeOf = (value: unknown): string => (value as { refusals: { code: string }[] }).refusals[0]?.code ?? ''

describe('roles', () => {
  it('each may what its row says, and less than that is refused before the body is read', async () => {
    const people = await startPeople()
    for (const role of USER_ROLES) {
      const headers = await withToken(people, role)
      for (const { method, path, role: least } of Object.values(CONFIG_ROUTES)) {
        const { status, value } = await people.ask(method, path, { headers, body: method === 'POST' ? '{' : undefined })
        const may = USER_ROLES.indexOf(role) >= USER_ROLES.indexOf(least)
        expect([role, path, status === 403]).toEqual([role, path, !may])
        if (!may) expect(codeOf(value)).toBe('not-allowed')
      }
    }
  })
  it('are those that the design names', () => {
    const may = (least: string) =>
      Object.entries(CONFIG_ROUTES).flatMap(([name, { role }]) => (role === least ? [name] : []))
    expect(may('operator')).toEqual(['intent'])
    expect(may('viewer')).not.toContain('change')
    expect(may('admin')).toEqual(expect.arrayContaining(['change', 'tokenCreate', 'tokens', 'users', 'audit']))
  })
})

describe('a token of a script', () => {
  it('says who changed something, and takes no part of Origin', async () => {
    const people = await startPeople()
    const headers = await withToken(people, 'admin')
    const done = await people.ask('POST', '/v1/config/change', { headers, body: weightChange(3) })
    expect(done.status).toBe(200)
    expect(people.configuration.known()?.history.revisions.at(-1)?.author).toBe('token ci-admin')
    expect((await people.ask('GET', '/v1/session', { headers })).value).toEqual({
      user: 'token ci-admin',
      role: 'admin',
      leftMs: null,
    })
  })
  it('carries If-Match as on the socket: what is stale is refused, with what changed since', async () => {
    const people = await startPeople()
    const headers = await withToken(people, 'admin')
    const write = (weight: number, match: string) => {
      const { change } = weightChange(weight)
      return people.ask('POST', '/v1/config/change', { headers: { ...headers, 'if-match': match }, body: { change } })
    }
    const { headers: seen } = await people.ask('GET', '/v1/config', { headers })
    expect(seen.etag).toBe('"1"')
    expect((await write(3, '"1"')).headers.etag).toBe('"2"')
    expect(await write(4, '"1"')).toMatchObject({
      status: 409,
      value: {
        refusals: [{ code: 'stale-revision' }],
        since: { lines: [{ text: expect.stringMatching(/weight 1 → 3/) }] },
      },
    })
  })
  it.each<[string, (good: string) => string, string]>([
    ['that was cut off', (good) => good.slice(0, -1), 'no-user'],
    ['with another secret', (good) => `${good.slice(0, -4)}0000`, 'no-user'],
    ['of another kind', (good) => good.replace('Bearer', 'Basic'), 'no-user'],
    ['that is none', () => 'Bearer lvsm-api.00000000.', 'no-user'],
  ])('%s is nobody’s', async (_, spoil, code) => {
    const people = await startPeople()
    const { authorization } = await withToken(people, 'admin')
    const heard = await people.ask('GET', '/v1/config', { headers: { authorization: spoil(authorization) } })
    expect([heard.status, codeOf(heard.value)]).toEqual([401, code])
    expect(heard.headers['www-authenticate']).toMatch(/^Bearer/)
  })
  it('that is over, or was removed, is none any more', async () => {
    const people = await startPeople()
    const headers = await withToken(people, 'admin', { until: people.now + 1000 })
    expect((await people.ask('GET', '/v1/config', { headers })).status).toBe(200)
    people.now += 1000
    const over = await people.ask('GET', '/v1/config', { headers })
    expect([over.status, codeOf(over.value)]).toEqual([401, 'token-over'])
  })
  it('is guessed so often a minute, and a right one is heard all the same', async () => {
    const people = await startPeople()
    const headers = await withToken(people, 'viewer')
    const guess = () => people.ask('GET', '/v1/config', { headers: { authorization: 'Bearer x' } })
    for (let at = 0; at < 20; at++) expect((await guess()).status).toBe(401)
    expect((await guess()).status).toBe(429)
    expect((await people.ask('GET', '/v1/config', { headers })).status).toBe(200)
  })
})

describe('a user’s own password', () => {
  const change = async (people: TestPeople, old: string, user = 'bob') => {
    const { cookie } = await logIn(people, 'bob')
    const headers = { cookie, origin: originOf(people) }
    return people.ask('POST', '/v1/password', { headers, body: { user, old, password: 'battery staple' } })
  }
  it('is changed with the old one, by whatever role, and ends what was open', async () => {
    const people = await startPeople()
    await withUser(people, 'bob', 'viewer')
    const before = await logIn(people, 'bob')
    expect((await change(people, PASSWORD)).status).toBe(200)
    const { status } = await people.ask('GET', '/v1/session', { headers: { cookie: before.cookie } })
    expect([status, (await logIn(people, 'bob')).heard.status]).toEqual([401, 401])
    expect((await logIn(people, 'bob', 'battery staple')).heard.status).toBe(200)
    expect(people.said.join()).toMatch(/audit: bob from 127\.0\.0\.1: POST \/v1\/password user=bob: 200/)
    expect(people.said.join()).not.toContain('staple')
  })
  it('stays with another old one, and is asked for no faster than at the login', async () => {
    const people = await startPeople()
    await withUser(people, 'bob', 'viewer')
    const { cookie } = await logIn(people, 'bob')
    const headers = { cookie, origin: originOf(people) }
    const guess = () =>
      people.ask('POST', '/v1/password', { headers, body: { user: 'bob', old: 'wrong', password: 'battery staple' } })
    for (let at = 0; at < 20; at++) expect(codeOf((await guess()).value)).toBe('wrong-password')
    expect((await guess()).status).toBe(429)
    expect((await logIn(people, 'bob')).heard.status).toBe(429)
  })
  it('is nobody’s business who did not log in', async () => {
    const people = await startPeople()
    await withUser(people, 'bob', 'viewer')
    const body = { user: 'bob', old: PASSWORD, password: 'battery staple' }
    expect((await people.ask('POST', '/v1/password', { body })).status).toBe(401)
    expect((await logIn(people, 'bob')).heard.status).toBe(200)
  })
})

describe('an administrator', () => {
  const admin = async (people: TestPeople) => {
    const headers = await withToken(people, 'admin')
    const post = (path: string, body: unknown) => people.ask('POST', path, { headers, body })
    return { post, get: (path: string) => people.ask('GET', path, { headers }) }
  }
  it('makes users, gives them passwords and roles, and removes them; no hash is told', async () => {
    const people = await startPeople()
    const { post, get } = await admin(people)
    expect(await post('/v1/users/add', { name: 'bob', role: 'viewer' })).toMatchObject({ status: 200 })
    expect((await logIn(people, 'bob', 'tr0ub4dor')).heard.status).toBe(401)
    expect((await post('/v1/users/password', { name: 'bob', password: 'tr0ub4dor' })).status).toBe(200)
    expect((await logIn(people, 'bob', 'tr0ub4dor')).heard.status).toBe(200)
    expect((await post('/v1/users/set', { name: 'bob', role: 'operator' })).status).toBe(200)
    const listed = await get('/v1/users')
    expect(listed.value).toEqual({
      users: [{ name: 'bob', role: 'operator', hasPassword: true, author: 'token ci-admin', at: people.now }],
    })
    for (const text of [JSON.stringify(people.configuration.log), people.said.join()])
      expect(text).not.toContain('tr0ub')
    expect((await post('/v1/users/remove', { name: 'bob' })).status).toBe(200)
    expect((await logIn(people, 'bob', 'tr0ub4dor')).heard.status).toBe(401)
  })
  it.each<[string, string, unknown, number, string]>([
    ['a name that is none', '/v1/users/add', { name: '../x', role: 'viewer' }, 400, 'bad-request'],
    ['a role that is none', '/v1/users/add', { name: 'bob', role: 'king' }, 400, 'bad-request'],
    ['a user who is not there', '/v1/users/set', { name: 'bob', role: 'viewer' }, 422, 'unknown-user'],
    ['a short password', '/v1/users/password', { name: 'bob', password: 'short' }, 400, 'bad-request'],
    ['a password of nobody', '/v1/users/password', { name: 'bob', password: 'long enough' }, 422, 'unknown-user'],
    ['an API token that is not there', '/v1/api-tokens/remove', { id: '00000000' }, 422, 'unknown-api-token'],
    ['a join token without uses', '/v1/tokens/create', { uses: 0 }, 400, 'bad-request'],
    ['a join token for a role that is none', '/v1/tokens/create', { roles: ['diretor'] }, 422, 'bad-role'],
    ['a join token for a name that is none', '/v1/tokens/create', { node: 'rs9; reboot' }, 422, 'bad-name'],
    ['a join token that is not there', '/v1/tokens/revoke', { id: '00000000' }, 422, 'unknown-token'],
  ])('is told of %s', async (_, path, body, status, code) => {
    const people = await startPeople()
    const { post } = await admin(people)
    const heard = await post(path, body)
    expect([heard.status, codeOf(heard.value)]).toEqual([status, code])
    expect(JSON.stringify(heard.value)).not.toMatch(/short'|long enough/)
  })
  it('makes tokens for scripts, which work at once and until they are removed', async () => {
    const people = await startPeople()
    const { post, get } = await admin(people)
    const made = await post('/v1/api-tokens/create', { name: 'backup', role: 'viewer', expiresMs: 60_000 })
    const { id, token } = made.value as { id: string; token: string }
    const headers = { authorization: `Bearer ${token}` }
    expect(made.value).toMatchObject({ outcome: 'done', until: people.now + 60_000 })
    expect((await people.ask('GET', '/v1/config', { headers })).status).toBe(200)
    const { value } = await get('/v1/api-tokens')
    expect(value).toMatchObject({ tokens: [{ name: 'ci-admin' }, { id, name: 'backup', role: 'viewer' }] })
    expect(JSON.stringify(value)).not.toContain('digest')
    await post('/v1/api-tokens/remove', { id })
    expect((await people.ask('GET', '/v1/config', { headers })).status).toBe(401)
  })
  it('makes tokens that let machines in: who signs, where, and a secret; they are told without it later', async () => {
    const people = await startPeople()
    const { post, get } = await admin(people)
    const made = await post('/v1/tokens/create', {})
    const { id, token, until } = made.value as { id: string; token: string; until: number }
    expect(until).toBe(people.now + 3_600_000)
    const read = decodeToken(token)
    expect(read).toMatchObject({
      cluster: 'lab',
      pin: '0f'.repeat(32),
      id,
      to: [
        { host: '10.12.0.1', port: 7445 },
        { host: '10.12.0.2', port: 7445 },
      ],
    })
    const preview = { token: { id, secret: read?.secret }, name: 'rs1', node: null, model: 1 }
    expect((await people.ask('POST', '/v1/join/preview', { body: preview })).status).toBe(200)
    expect((await post('/v1/tokens/revoke', { id })).status).toBe(200)
    expect((await people.ask('POST', '/v1/join/preview', { body: preview })).status).toBe(403)
    const { value } = await get('/v1/tokens')
    expect(value).toMatchObject({ tokens: [{ id, uses: 1, used: [], node: null, revoked: true }] })
    expect(JSON.stringify(value)).not.toMatch(/digest|secret/)
  })
  it('makes no token that leads nowhere', async () => {
    const people = await startPeople()
    const { post } = await admin(people)
    const { raft } = people.configuration.status()
    people.configuration.status = () => ({ raft, members: new Map() })
    const heard = await post('/v1/tokens/create', {})
    expect([heard.status, codeOf(heard.value)]).toEqual([422, 'no-api'])
    expect(people.configuration.known()?.enrolled.tokens).toEqual([])
  })
  it('says nothing of ports that it may have heard of had it heard of anybody', async () => {
    const people = await startPeople()
    const { post } = await admin(people)
    people.configuration.weather = 'cut-off'
    const { raft } = people.configuration.status()
    people.configuration.status = () => ({ raft, members: new Map() })
    const heard = await post('/v1/tokens/create', {})
    expect([heard.status, codeOf(heard.value)]).toEqual([503, 'no-leader'])
  })
  it('reads who did what, newest first', async () => {
    const people = await startPeople()
    const { post, get } = await admin(people)
    await post('/v1/users/add', { name: 'bob', role: 'viewer' })
    await post('/v1/users/add', { name: 'bob', role: 'viewer' })
    await get('/v1/users')
    expect((await get('/v1/audit')).value).toMatchObject({
      records: [
        {
          who: 'token ci-admin',
          from: '127.0.0.1',
          what: 'POST /v1/users/add name=bob role=viewer',
          status: 422,
          result: 'name-taken',
        },
        { status: 200, result: '' },
      ],
    })
  })
})
