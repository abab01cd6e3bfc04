/** On a real port of this machine. */
import { request } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { FromListener, WellFacts } from '@lvsm/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { eventually } from '../../test/kit/eventually.ts'
import { Listener } from './listener.ts'

const WELL: WellFacts = { alive: '', ready: '', owners: { web: true, mail: false, 'a b': true } }
const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
async function open(patienceMs?: number) {
  const said: FromListener[] = []
  let now = 1000
  const listener = new Listener(
    (word) => void said.push(word),
    () => now,
    patienceMs,
  )
  const port = await freePort()
  listener.hear({ listen: { address: '127.0.0.1', port } })
  ends.push(() => listener.hear({ listen: null }))
  await eventually(() => expect(said).toEqual([{ unheard: null }]))
  const ask = (path: string, method = 'GET'): Promise<{ status: number; text: string; type: string | undefined }> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, agent: false }, (incoming) => {
        let text = ''
        incoming.on('data', (chunk) => (text += String(chunk)))
        incoming.on('end', () =>
          resolve({ status: incoming.statusCode ?? 0, text, type: incoming.headers['content-type'] }),
        )
      })
      asked.on('error', reject)
      asked.end()
    })
  return { listener, said, port, ask, pass: (ms: number) => (now += ms) }
}

describe('whether the node is well', () => {
  it('is what the agent said last', async () => {
    const { listener, ask } = await open()
    listener.hear({ facts: WELL })
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' })
    expect(await ask('/readyz')).toMatchObject({ status: 200 })
    expect(await ask('/owner/web')).toMatchObject({ status: 200, text: 'owner\n' })
    expect(await ask('/owner/mail')).toMatchObject({ status: 503 })
    expect(await ask('/owner/a%20b')).toMatchObject({ status: 200 })
    for (const path of ['/owner/none', '/owner/', '/owner/%', '/owner/toString', '/owner/web/x', '/', '/etc/passwd'])
      expect(await ask(path), path).toMatchObject({ status: 404 })
    expect(await ask('/healthz', 'HEAD')).toMatchObject({ status: 200, text: '' })
    expect(await ask('/healthz', 'POST')).toMatchObject({ status: 405 })
    listener.hear({ facts: { ...WELL, ready: 'bob set it to standby' } })
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'bob set it to standby\n' })
    expect(await ask('/healthz')).toMatchObject({ status: 200 })
    listener.hear({ facts: { ...WELL, alive: 'lvsm-lease: no socket' } })
    expect(await ask('/healthz')).toMatchObject({ status: 503, text: 'lvsm-lease: no socket\n' })
    expect(await ask('/readyz')).toMatchObject({ status: 503 })
  })
  it('is not believed of an agent that has been silent', async () => {
    const { listener, ask, pass } = await open()
    expect(await ask('/owner/web')).toMatchObject({ status: 503, text: 'lvsm-agent is silent\n' })
    listener.hear({ facts: WELL })
    pass(3000)
    expect(await ask('/owner/web')).toMatchObject({ status: 200 })
    pass(1)
    for (const path of ['/healthz', '/readyz', '/owner/web'])
      expect(await ask(path)).toMatchObject({ status: 503, text: 'lvsm-agent is silent\n' })
  })
})

describe('metrics', () => {
  it('are asked of the agent once for all who ask at once, and a second later again', async () => {
    const { listener, said, ask, pass } = await open()
    const asked = [ask('/metrics'), ask('/metrics'), ask('/metrics?realservers=no')]
    await eventually(() => expect(said).toHaveLength(3))
    expect(said.slice(1)).toEqual(
      expect.arrayContaining([
        { scrape: expect.any(Number), wanted: {} },
        { scrape: expect.any(Number), wanted: { realservers: 'no' } },
      ]),
    )
    for (const word of said)
      if ('scrape' in word)
        for (const [part, isLast] of [
          ['a 1\n', false],
          [`b ${word.wanted.realservers ?? 'all'}\n`, true],
        ] as const)
          listener.hear({ scraped: word.scrape, status: 200, part, isLast })
    const answers = await Promise.all(asked)
    expect(answers.map(({ text }) => text).sort()).toEqual(['a 1\nb all\n', 'a 1\nb all\n', 'a 1\nb no\n'])
    expect(answers[0]?.type).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await ask('/metrics?realservers=no')).toMatchObject({ text: 'a 1\nb no\n' })
    pass(1001)
    void ask('/metrics?realservers=no').catch(() => undefined)
    await eventually(() => expect(said).toHaveLength(4))
    expect(await ask('/metrics?realservers=perhaps')).toMatchObject({ status: 400 })
  })
  it('that the agent could not read are no metrics', async () => {
    const { listener, said, ask } = await open()
    const asked = ask('/metrics')
    await eventually(() => expect(said).toHaveLength(2))
    listener.hear({ scraped: 1, status: 503, part: 'EPERM\n', isLast: true })
    expect(await asked).toMatchObject({ status: 503, text: 'EPERM\n', type: 'text/plain; charset=utf-8' })
    listener.hear({ scraped: 9, status: 200, part: 'late', isLast: true })
  })
})

describe('the port', () => {
  it('that somebody else has is told, and taken when it is free', async () => {
    const other = createServer()
    const port = await freePort()
    await new Promise<void>((done) => other.listen(port, '127.0.0.1', done))
    const said: FromListener[] = []
    const listener = new Listener(
      (word) => void said.push(word),
      () => 0,
    )
    ends.push(() => listener.hear({ listen: null }))
    listener.hear({ listen: { address: '127.0.0.1', port } })
    await eventually(() => expect(said).toEqual([{ unheard: 'EADDRINUSE' }]))
    await new Promise((done) => other.close(done))
    listener.hear({ listen: { address: '127.0.0.1', port } })
    await eventually(() => expect(said.at(-1)).toEqual({ unheard: null }))
  })
  it('outlives who sends nothing, or no HTTP, or a head without end', async () => {
    const { listener, ask, port } = await open()
    listener.hear({ facts: WELL })
    const strangers = ['', 'GET', '\0\0\0\0', `GET / HTTP/1.1\r\n${'x: y\r\n'.repeat(5000)}`].map((text) => {
      const socket = connect(port, '127.0.0.1', () => void socket.write(text))
      socket.on('error', () => undefined)
      ends.push(() => socket.destroy())
      return socket
    })
    expect(strangers).toHaveLength(4)
    expect(await ask('/healthz')).toMatchObject({ status: 200 })
  })
  it('is left by who says nothing, or begins a head and does not end it, in their time', async () => {
    const { port } = await open(500)
    const began = performance.now()
    const ended = ['', 'GET', 'GET /healthz HTTP/1.1\r\n', 'GET /healthz HTTP/1.1\r\nHost: a\r\nX: '].map(
      (text) =>
        new Promise<number>((resolve) => {
          const socket = connect(port, '127.0.0.1', () => void socket.write(text))
          socket.on('error', () => undefined)
          socket.resume().on('close', () => resolve(performance.now() - began))
          ends.push(() => socket.destroy())
        }),
    )
    for (const tookMs of await Promise.all(ended)) expect(tookMs).toBeLessThan(5000)
  })
})
