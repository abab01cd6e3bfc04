/** An agent that follows: what it starts with, what it takes over, and what it says meanwhile. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Trouble } from '@lvsm/base'
import { expect, onTestFinished, test, vi } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { writtenOf } from '@lvsm/changes'
import { MemoryConfiguration, serveConfiguration } from '../../test/kit/configuration.ts'
import { weightOf } from '../../test/suites/configuration.ts'
import { follow } from './following.ts'

class Bench {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-follow-')))
  readonly socket = join(this.directory, 'coordinator.sock')
  readonly file = join(this.directory, 'state', 'followed.yaml')
  readonly said: string[] = []
  /** What it began or went on with. */
  readonly used: string[] = []
  trouble: Trouble | null = null
  #server: { close(): void } | null = null

  constructor() {
    onTestFinished(() => {
      this.#server?.close()
      rmSync(this.directory, { recursive: true, force: true })
    })
  }
  serve(configuration = new MemoryConfiguration()): MemoryConfiguration {
    this.#server?.close()
    this.#server = serveConfiguration(this.socket, configuration)
    return configuration
  }
  /** Somebody else on that socket. */
  answer(status: number, body: string): void {
    this.#server?.close()
    const server: Server = createServer((_, response) => response.writeHead(status).end(body))
    server.listen(this.socket)
    this.#server = {
      close: () => {
        server.close()
        server.closeAllConnections()
      },
    }
  }
  follow(): ReturnType<typeof follow> {
    const program = { say: (text: string) => void this.said.push(text) }
    const follower = follow(this.socket, { config: this.file }, program, () => {
      this.used.push(`begins with ${this.revision}`)
      return {
        reload: () => void this.used.push(`goes on with ${this.revision}`),
        note: (_, trouble) => {
          this.trouble = trouble
        },
      }
    })
    onTestFinished(() => follower.close())
    return follower
  }
  get revision(): string {
    return /^ *"revision": (\d+)/m.exec(readFileSync(this.file, 'utf8'))?.[1] ?? ''
  }
}
const written = (revision: number): object => JSON.parse(JSON.stringify(writtenOf(DOCUMENT, revision)))
const until = (what: () => boolean) => vi.waitUntil(what, { timeout: 20_000, interval: 5 })

test('the first time it waits for the coordinator; then each revision is kept, and taken over', async () => {
  const bench = new Bench()
  bench.follow()
  await until(() => bench.said.length === 2)
  expect(bench.said).toEqual([
    expect.stringMatching(/^waits for its first configuration/),
    expect.stringMatching(/does not answer .*revision 0 stays[^]*→ start lvsm-coordinator/),
  ])
  const configuration = bench.serve()
  await until(() => bench.used.length === 1)
  await configuration.write(weightOf(7))
  await until(() => bench.used.length === 2)
  expect(bench.used).toEqual(['begins with 1', 'goes on with 2'])
  expect(statSync(bench.file).mode & 0o777).toBe(0o600)
})

test('it starts with what was kept, says that nobody answers, and takes it back', async () => {
  const bench = new Bench()
  const configuration = bench.serve()
  bench.follow()
  await until(() => bench.used.length === 1)
  bench.answer(503, '{}')
  bench.follow()
  expect(bench.used).toEqual(['begins with 1', 'begins with 1'])
  await until(() => bench.trouble?.code === 'no-coordinator')
  bench.serve(configuration)
  await configuration.write(weightOf(8))
  await until(() => bench.trouble === null && bench.used.includes('goes on with 2'))
})

test.each([
  ['no JSON', '{'],
  ['something else', '{"revision":"2"}'],
])('an answer that is %s is none', async (_, body) => {
  const bench = new Bench()
  bench.answer(200, body)
  bench.follow()
  await until(() => bench.said.length === 2)
  expect(bench.said[1]).toMatch(/none that this version understands/)
})

test('what it does not understand, and what is older, it does not take', async () => {
  const bench = new Bench()
  bench.serve()
  bench.follow()
  await until(() => bench.used.length === 1)
  bench.answer(200, JSON.stringify({ revision: 5, file: { ...written(5), warp: 9 } }))
  await until(() => bench.trouble?.code === 'revision-refused')
  expect(bench.trouble?.hint).toMatch(/warp/)
  bench.answer(200, JSON.stringify({ revision: 0, file: written(0) }))
  await until(() => bench.trouble?.code === 'coordinator-behind')
  expect(bench.used).toEqual(['begins with 1'])
})

test('the newest is asked for once more by a read that is proved current, and told when it is in use', async () => {
  const bench = new Bench()
  const follower = bench.follow()
  const confirmed: number[] = []
  follower.confirm((revision) => void confirmed.push(revision))
  await until(() => bench.said.length === 2)
  const configuration = bench.serve()
  await until(() => bench.used.length === 1)
  await configuration.write(weightOf(7))
  follower.confirm((revision) => void confirmed.push(revision))
  await until(() => confirmed.length === 1)
  expect([confirmed, bench.used.at(-1)]).toEqual([[2], 'goes on with 2'])
})
test.each([
  ['nobody answers', 503, '{}'],
  ['what is not understood', 200, JSON.stringify({ revision: 5, file: { ...written(5), warp: 9 } })],
  ['what is older', 200, JSON.stringify({ revision: 0, file: written(0) })],
])('nothing is confirmed by %s', async (_, status, body) => {
  const bench = new Bench()
  bench.serve()
  const follower = bench.follow()
  await until(() => bench.used.length === 1)
  bench.answer(status, body)
  let isConfirmed = false
  follower.confirm(() => {
    isConfirmed = true
  })
  await until(() => bench.trouble !== null)
  expect(isConfirmed).toBe(false)
})
