/** For the tests of the console: a coordinator as a process, with its port for people, asked and changed by its socket. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { renderDocument } from '@lvsm/changes'
import { onTestFinished, vi } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'

export class Coordinator {
  readonly #directory = mkdtempSync(join(tmpdir(), 'lvsm-console-'))
  readonly #program: string
  #child: ChildProcess | null = null
  port = 0
  said = ''

  constructor(program: string) {
    this.#program = program
    writeFileSync(this.#at('lvsm.yaml'), renderDocument(DOCUMENT, 1).replace('/etc/lvsm/key', 'heartbeat.key'))
    writeFileSync(this.#at('heartbeat.key'), '9b'.repeat(32), { mode: 0o600 })
    onTestFinished(() => {
      this.#child?.kill('SIGKILL')
      rmSync(this.#directory, { recursive: true, force: true })
    })
  }
  get url(): string {
    return `https://127.0.0.1:${this.port}/`
  }
  #at(name: string): string {
    return join(this.#directory, name)
  }
  #run(...words: string[]): ChildProcess {
    const where = ['--state-dir', this.#at('state'), '--run-dir', this.#at('run')]
    const child = spawn(process.execPath, ['--disable-sigusr1', this.#program, ...words, ...where])
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text) => (this.said += String(text)))
    this.#child = child
    return child
  }
  /** A cluster that begins here. */
  async found(): Promise<void> {
    const [nodes, people] = [await freePort(), await freePort()]
    this.port = people
    const where = [
      '--listen',
      `127.0.0.1:${nodes}`,
      '--api',
      `127.0.0.1:${people}`,
      '--identity',
      this.#at('node.json'),
    ]
    const child = this.#run('--found', this.#at('lvsm.yaml'), '--node', 'dir1', ...where)
    await once(child, 'close')
    if (child.exitCode !== 0) throw new Error(this.said)
  }
  async start(): Promise<void> {
    this.#run()
    await vi.waitUntil(async () => (await this.ask('GET', '/v1/config').catch(() => null)) === 200, {
      timeout: 60_000,
      interval: 50,
    })
  }
  async kill(): Promise<void> {
    const child = this.#child
    if (!child) return
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  /** On its socket; the status. */
  ask(method: string, path: string, body?: object): Promise<number> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        { socketPath: this.#at('run/coordinator.sock'), method, path, agent: false },
        (incoming) => incoming.resume().on('end', () => resolve(incoming.statusCode ?? 0)),
      )
      outgoing.on('error', reject)
      outgoing.end(body && JSON.stringify(body))
    })
  }
  async must(path: string, body: object): Promise<void> {
    const status = await this.ask('POST', path, body)
    if (status !== 200) throw new Error(`${path}: ${status}\n${this.said}`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
