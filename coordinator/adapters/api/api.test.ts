import { request } from 'node:http'
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, connect } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { CONFIG_ROUTES } from '@lvsm/protocol'
import { MemoryConfiguration, SAMPLE_DOCUMENT, serveConfiguration } from '../../../test/kit/configuration.ts'
import { callerOf } from '../../../agent/process/caller.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})
const directory = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'lvsm-api-'))
  ends.push(() => rmSync(home, { recursive: true, force: true }))
  return home
}

interface Answer {
  readonly status: number
  readonly etag: string | undefined
  readonly value: unknown
}
function serve(configuration = new MemoryConfiguration()) {
  const path = join(directory(), 'coordinator.sock')
  const crashes: unknown[] = []
  const server = serveConfiguration(path, configuration, (error) => crashes.push(error))
  ends.push(() => server.close())
  const ask = (method: string, url: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const outgoing = request({ socketPath: path, method, path: url, agent: false, headers }, (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => (text += chunk))
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, etag: incoming.headers.etag, value: JSON.parse(text) }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(typeof body === 'string' ? body : JSON.stringify(body))
    })
  return { path, ask, configuration, crashes }
}
const weight = (value: unknown, rest: object = { base: null }) => ({
  change: {
    command: {
      verb: 'set',
      noun: 'server',
      which: { service: 'http', server: 'rs1' },
      values: { weight: value },
      model: 1,
    },
  },
  ...rest,
})

describe('the API of a coordinator', () => {
  it('is for its owner only, and signs a change with who is at the other end and the clock', async () => {
    const { path, ask } = serve()
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await ask('POST', '/v1/config/change', weight(5, { base: 1, comment: 'more' }))).toMatchObject({
      status: 200,
      etag: '"2"',
      value: { outcome: 'done', revision: 2, newest: 2, lines: [{ text: 'service http, server rs1: weight 1 → 5' }] },
    })
    const me = process.getuid?.() === 0 ? expect.stringMatching(/^(\S+ as )?root$/) : expect.any(String)
    expect((await ask('GET', '/v1/config/history?limit=1')).value).toMatchObject({
      newest: 2,
      next: 2,
      revisions: [{ number: 2, author: me, at: 1_700_000_000_000, comment: 'more' }],
    })
  })

  it('has an entity tag for the document, and takes it back in If-Match', async () => {
    const { ask } = serve()
    const first = await ask('GET', '/v1/config')
    expect(first).toMatchObject({ status: 200, etag: '"1"', value: { revision: 1, file: { cluster: 'lab' } } })
    const etag = first.etag ?? ''
    expect(await ask('POST', '/v1/config/change', weight(5, {}), { 'if-match': etag })).toMatchObject({ status: 200 })
    expect(await ask('POST', '/v1/config/change', weight(6, {}), { 'if-match': etag })).toMatchObject({
      status: 409,
      value: {
        refusals: [{ code: 'stale-revision' }],
        since: { lines: [{ kind: 'change', text: 'service http, server rs1: weight 1 → 5' }] },
      },
    })
    expect(await ask('POST', '/v1/config/change', weight(6, {}), { 'if-match': '*' })).toMatchObject({ status: 200 })
    expect((await ask('GET', '/v1/config?revision=1')).value).toMatchObject(first.value as object)
  })

  it('says on every route what it says by its schema', async () => {
    const { ask } = serve()
    await ask('POST', '/v1/config/change', weight(5))
    const asked = {
      document: '',
      history: '',
      revision: '?number=2',
      diff: '',
      facts: '',
      coordinators: '',
      status: '',
    }
    for (const name of Object.keys(asked) as (keyof typeof asked)[]) {
      const { status, value } = await ask('GET', CONFIG_ROUTES[name].path + asked[name])
      expect([name, status]).toEqual([name, 200])
      expect([name, CONFIG_ROUTES[name].response.safeParse(value).success]).toEqual([name, true])
    }
  })

  it('tells an end that is not known apart from a failure and from success', async () => {
    const { ask, configuration } = serve()
    for (const weather of ['lost', 'forgotten'] as const) {
      configuration.weather = weather
      const answer = await ask('POST', '/v1/config/change', weight(9))
      expect(answer).toMatchObject({ status: 202, value: { outcome: 'unknown' } })
      expect(answer.value).not.toHaveProperty('refusals')
    }
    configuration.weather = 'cut-off'
    expect(await ask('POST', '/v1/config/change', weight(9))).toMatchObject({
      status: 503,
      value: { refusals: [{ code: 'no-leader' }] },
    })
  })

  it('shows what it has where the others cannot be reached, to whoever asks for that', async () => {
    const { ask, configuration } = serve()
    configuration.weather = 'cut-off'
    expect(await ask('GET', '/v1/config')).toMatchObject({ status: 503 })
    expect(await ask('GET', '/v1/config?stale=true')).toMatchObject({ status: 200, value: { revision: 1 } })
    expect(await ask('GET', '/v1/coordinators')).toMatchObject({ status: 200, value: { leader: 1, revision: 1 } })
  })

  it('tells who asked, and its log, when it threw', async () => {
    const configuration = new MemoryConfiguration()
    configuration.read = () => Promise.reject(new Error('planted'))
    const { ask, crashes } = serve(configuration)
    expect(await ask('GET', '/v1/config')).toMatchObject({ status: 500, value: { refusals: [{ code: 'bug' }] } })
    expect(crashes).toHaveLength(1)
  })

  const BOMB = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefgh'
    .split('')
    .map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefg'[at]}`).join(',')}]`)
    .join('\n')}\n`
  const yaml = (text: string) => ({ change: { yaml: text }, base: 1 })
  it.each<[string, string, unknown, number, string]>([
    ['no JSON', '/v1/config/change', '{', 400, 'bad-json'],
    ['a body that is too deep', '/v1/config/change', `${'['.repeat(100_000)}`, 400, 'bad-request'],
    ['an unknown field', '/v1/config/change', { ...weight(5), force: true }, 400, 'unknown-field'],
    [
      'a change of two kinds',
      '/v1/config/change',
      { change: { yaml: '', command: {} }, base: 1 },
      400,
      'unknown-field',
    ],
    ['an unknown verb', '/v1/config/change', { change: { command: { verb: 'sing' } }, base: 1 }, 400, 'bad-request'],
    ['no base', '/v1/config/change', weight(5, {}), 428, 'no-base'],
    ['a base that is none', '/v1/config/change', weight(5, { base: -1 }), 400, 'bad-request'],
    ['a base of the future', '/v1/config/change', weight(5, { base: 99 }), 404, 'unknown-revision'],
    ['a comment that paints', '/v1/config/change', weight(5, { base: 1, comment: '\u001b[2J' }), 400, 'bad-comment'],
    ['what the rules refuse', '/v1/config/change', weight(-1), 422, 'out-of-range'],
    [
      'a name of another prototype',
      '/v1/config/change',
      '{"change":{"yaml":""},"base":1,"__proto__":{}}',
      400,
      'unknown-field',
    ],
    ['an alias bomb', '/v1/config/change', yaml(BOMB), 422, expect.any(String) as never],
    ['YAML that is none', '/v1/config/preview', yaml('a: [b'), 422, expect.any(String) as never],
    ['an intent of nothing', '/v1/facts/change', { command: { verb: 'drain' } }, 400, 'bad-request'],
    ['a query that is unknown', '/v1/config/preview?now=1', weight(5), 400, 'unknown-field'],
  ])('refuses %s, and changes nothing', async (_, path, body, status, code) => {
    const { ask, configuration, crashes } = serve()
    const answer = await ask('POST', path, body)
    expect(answer).toMatchObject({
      status,
      value: { refusals: expect.arrayContaining([expect.objectContaining({ code })]) },
    })
    expect(configuration.known()?.history.revisions).toHaveLength(1)
    expect(crashes).toEqual([])
  })

  it.each<[string, number]>([
    ['/v1/config?revision=two', 400],
    ['/v1/config?revision=7', 404],
    ['/v1/config?revision=1&revision=1', 400],
    ['/v1/config/history?limit=0', 400],
    ['/v1/config/history?limit=201', 400],
    ['/v1/config/revision', 400],
    ['/v1/config/diff?from=1&to=9', 404],
    ['/v1/config/change', 405],
    ['/v1/nothing', 404],
  ])('refuses GET %s', async (path, status) => {
    const { ask } = serve()
    expect(await ask('GET', path)).toMatchObject({ status, value: { refusals: [{ message: expect.any(String) }] } })
  })

  it('takes no body of more than it may have, and a document with faults with their places', async () => {
    const { ask } = serve()
    expect(await ask('POST', '/v1/config/change', 'x'.repeat(5 << 20))).toMatchObject({ status: 413 })
    const wrong = SAMPLE_DOCUMENT.replace('scheduler: wrr', 'scheduler: wr')
    expect(await ask('POST', '/v1/config/preview', yaml(wrong))).toMatchObject({
      status: 422,
      value: { refusals: [{ line: expect.any(Number), column: expect.any(Number), field: 'services[0].scheduler' }] },
    })
  })
})

describe('the author of a change', () => {
  it('is the name of the user at the other end, or his number', async () => {
    const home = directory()
    const server = createServer().listen(join(home, 'a.sock'))
    ends.push(() => server.close())
    const client = connect(join(home, 'a.sock'))
    ends.push(() => client.destroy())
    const [socket] = await once(server, 'connection')
    ends.push(() => socket.destroy())
    const uid = process.getuid?.()
    writeFileSync(join(home, 'passwd'), `nobody:x:65534:::\nsomebody:x:${uid}:::\nalice:x:4711:::\n`)
    const author = (passwd: string, proc = home) => callerOf(socket, { passwd: join(home, passwd), proc }).name
    expect(author('passwd')).toBe('somebody')
    expect(author('none')).toBe(`uid ${uid}`)
    mkdirSync(join(home, String(process.pid)))
    for (const [login, who] of [
      ['4711', uid === 0 ? 'alice as somebody' : 'somebody'],
      ['4294967295', 'somebody'],
      ['0', 'somebody'],
    ] as const) {
      writeFileSync(join(home, String(process.pid), 'loginuid'), login)
      expect(author('passwd')).toBe(who)
    }
  })
})
