/** Users in browsers: sessions, their ends, and pages of others. */
import { describe, expect, it } from 'vitest'
import { SESSION } from '../../../api/sessions.ts'
import { logIn, originOf, PASSWORD, startPeople, type TestPeople, weightChange, withUser } from './fixture.ts'

async function opened(role: 'admin' | 'viewer' = 'admin') {
  const people = await startPeople()
  await withUser(people, 'alice', role)
  const { cookie } = await logIn(people, 'alice')
  const session = (headers: object = {}) => people.ask('GET', '/v1/session', { headers: { cookie, ...headers } })
  return { people, cookie, session }
}
const change = (people: TestPeople, headers: Record<string, string>) =>
  people.ask('POST', '/v1/config/change', { headers, body: weightChange(7) })

describe('a user', () => {
  it('logs in, is asked who he is, changes something in his name, and logs out', async () => {
    const { people, cookie, session } = await opened()
    const origin = originOf(people)
    expect(await session()).toMatchObject({ status: 200, value: { user: 'alice', role: 'admin' } })
    const done = await change(people, { cookie, origin })
    expect(done).toMatchObject({ status: 200, headers: { etag: '"2"' }, value: { revision: 2 } })
    expect(people.configuration.known()?.history.revisions.at(-1)).toMatchObject({ author: 'alice', at: people.now })
    const left = await people.ask('POST', '/v1/logout', { headers: { cookie, origin } })
    expect(left.headers['set-cookie']?.[0]).toMatch(/=; Path=\/; Max-Age=0;/)
    // Whoever copied the cookie has nothing of it.
    expect([(await session()).status, (await change(people, { cookie, origin })).status]).toEqual([401, 401])
    expect(people.said.filter((line) => line.startsWith('audit: '))).toEqual([
      'audit: alice from 127.0.0.1: POST /v1/login: 200',
      'audit: alice from 127.0.0.1: POST /v1/config/change: 200 revision 2',
      'audit: alice from 127.0.0.1: POST /v1/logout: 200',
    ])
  })
  it('has a cookie that no script of a page reads, and no other server gets', async () => {
    const people = await startPeople()
    await withUser(people, 'alice', 'viewer')
    const { set } = await logIn(people, 'alice')
    expect(set).toMatch(/^__Host-lvsm=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; Secure; SameSite=Strict$/)
    expect((await logIn(people, 'alice')).set).not.toBe(set)
  })
  it('is nobody with two cookies of that name: another server of the domain may have set one', async () => {
    const { cookie, session } = await opened()
    expect((await session({ cookie: `other=1; ${cookie}` })).status).toBe(200)
    expect((await session({ cookie: `${cookie}; ${cookie.slice(0, -4)}0000` })).status).toBe(401)
  })
  it('is out after half an hour without a sign, and after half a day whatever he does', async () => {
    const { people, session } = await opened()
    people.ticks += SESSION.idleMs - 1
    expect((await session()).status).toBe(200)
    people.ticks += SESSION.idleMs
    expect((await session()).status).toBe(401)
    const again = await opened()
    for (; again.people.ticks < SESSION.wholeMs - SESSION.idleMs; again.people.ticks += SESSION.idleMs - 1)
      expect((await again.session()).status).toBe(200)
    again.people.ticks = SESSION.wholeMs
    expect((await again.session()).status).toBe(401)
  })
  it.each<[string, object]>([
    ['is removed', { kind: 'user-remove' }],
    [
      'gets another password',
      {
        kind: 'user-set',
        password: { scheme: 'scrypt', n: 2, r: 1, p: 1, salt: 'ab'.repeat(16), hash: 'cd'.repeat(32) },
      },
    ],
  ])('is out at once when he %s', async (_, entry) => {
    const { people, session } = await opened()
    // Else the last administrator would go.
    await withUser(people, 'bob', 'admin')
    await people.configuration.write({ author: 'root', at: 2, name: 'alice', ...entry } as never)
    expect((await session()).status).toBe(401)
  })
  it('whose role changes has the new one at once', async () => {
    const { people, cookie } = await opened()
    await withUser(people, 'bob', 'admin')
    await people.configuration.write({ kind: 'user-set', author: 'root', at: 2, name: 'alice', role: 'viewer' })
    const refused = await change(people, { cookie, origin: originOf(people) })
    expect(refused).toMatchObject({ status: 403, value: { refusals: [{ code: 'not-allowed' }] } })
    expect(people.said.at(-1)).toBe('audit: alice from 127.0.0.1: POST /v1/config/change: 403 not-allowed')
  })
})

describe('a page of another server', () => {
  it.each<[string, Record<string, string>]>([
    ['that says so', { origin: 'https://evil.example.org' }],
    ['of another port here', { origin: 'https://127.0.0.1:1' }],
    ['without TLS', { origin: 'http://127.0.0.1' }],
    ['that hides it', { origin: 'null' }],
    ['that does not say', {}],
  ])('%s changes nothing with a cookie', async (_, headers) => {
    const { people, cookie, session } = await opened()
    const refused = await change(people, { cookie, ...headers })
    expect(refused).toMatchObject({ status: 403, value: { refusals: [{ code: 'wrong-origin' }] } })
    expect(people.configuration.known()?.history.revisions).toHaveLength(1)
    expect((await session()).status).toBe(200)
  })
  it('logs nobody in', async () => {
    const people = await startPeople()
    await withUser(people, 'alice', 'admin')
    const { heard, set } = await logIn(people, 'alice', PASSWORD, { origin: 'https://evil.example.org' })
    expect([heard.status, set]).toEqual([403, ''])
    expect((await logIn(people, 'alice', PASSWORD, { origin: originOf(people) })).heard.status).toBe(200)
  })
})

describe('who guesses', () => {
  it('hears the same of a wrong password, an unknown user, and one without a password', async () => {
    const people = await startPeople()
    await withUser(people, 'alice', 'admin')
    await people.configuration.write({ kind: 'user-add', author: 'root', at: 1, name: 'bob', role: 'admin' })
    const all = await Promise.all(
      ['alice', 'nobody', 'bob', '__proto__', ''].map((user) => logIn(people, user, 'wrong')),
    )
    for (const { heard, set } of all) expect([heard.status, heard.value, set]).toEqual([401, all[0]?.heard.value, ''])
  })
  it('waits, whichever user he tries, and so does whoever tries this user; later both may again', async () => {
    const people = await startPeople()
    await withUser(people, 'alice', 'admin')
    for (let at = 0; at < 20; at++) expect((await logIn(people, `user${at}`, 'wrong')).heard.status).toBe(401)
    const { heard } = await logIn(people, 'alice')
    expect(heard).toMatchObject({ status: 429, value: { refusals: [{ code: 'too-many-tries' }] } })
    expect(Number(heard.headers['retry-after'])).toBeGreaterThan(0)
    people.ticks += 60_000
    expect((await logIn(people, 'alice')).heard.status).toBe(200)
    // Lines of the log are bounded as the tries are.
    expect(people.said).toHaveLength(21)
  })
  it('with what is no request at all fills no log', async () => {
    const people = await startPeople()
    for (const body of ['{', {}, { user: 'x'.repeat(300), password: '' }])
      expect((await people.ask('POST', '/v1/login', { body })).status).toBe(400)
    await people.ask('POST', '/v1/join', { body: {} })
    await logIn(people, 'alice', PASSWORD, { origin: 'https://evil.example.org' })
    expect(people.said).toEqual([])
  })
  it('with a name that paints, paints no log', async () => {
    const people = await startPeople()
    await logIn(people, '\u001b[2Jroot\nroot', 'wrong')
    const [line = ''] = people.said
    expect([line.includes('\u001b'), line.includes('\n'), people.said.length]).toEqual([false, false, 1])
  })
  it.each([
    ['no cookie of ours', '__Host-lvsm=AAAA'],
    ['an empty one', '__Host-lvsm='],
    ['two of them', '__Host-lvsm=a; __Host-lvsm=b'],
    ['another name', 'lvsm=a'],
  ])('with %s is nobody', async (_, cookie) => {
    const { ask } = await startPeople()
    expect((await ask('GET', '/v1/config', { headers: { cookie } })).status).toBe(401)
  })
})
