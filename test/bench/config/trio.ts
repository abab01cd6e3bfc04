/** Three coordinators, each a process of its own, on the loopback and one disk. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type RaftStatus } from '@lvsm/raft'
import { type Authority, fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import type { Peer } from '../../../coordinator/ports.ts'
import type { Order, Setting } from './child.ts'

interface Status extends Pick<RaftStatus, 'role' | 'term' | 'membership'> {
  readonly revision: number | undefined
}
export const SLOW_MS = 60_000

export class Member {
  readonly name: string
  readonly directory: string
  child: ChildProcess
  id = 1
  setting: Setting | null = null
  readonly #run: readonly string[]

  constructor(name: string, directory: string, run: readonly string[] = []) {
    this.name = name
    this.directory = directory
    this.#run = run
    mkdirSync(directory, { mode: 0o700, recursive: true })
    this.child = begin(run)
  }
  async order(order: Order): Promise<unknown> {
    const heard = once(this.child, 'message')
    this.child.send(order)
    const [message] = (await heard) as [{ answer?: unknown; error?: string }]
    if (message.error !== undefined) throw new Error(`${this.name}: ${message.error}`)
    return message.answer
  }
  async status(): Promise<Status> {
    return (await this.order({ kind: 'status' })) as Status
  }
  async settle(authority: Authority, document: string | null): Promise<string> {
    const { privateKey, publicKey } = makeKeyPair()
    const certificate = await signCertificate(authority, { name: this.name, publicKey })
    const identity = { certificate, privateKey, authority: authority.certificate }
    const record = { addresses: [{ host: '127.0.0.1', port: await freePort() }], key: fingerprintOfKey(publicKey) }
    this.setting = { directory: this.directory, name: this.name, identity, record, document }
    const { store } = (await this.order({ kind: 'make', setting: this.setting })) as { store: string }
    return store
  }
  get socketPath(): string {
    return join(this.directory, 'api')
  }
  async kill(): Promise<void> {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  /** As another process, after it was killed. */
  async again(seeds: readonly Peer[]): Promise<void> {
    const { setting, id } = this
    if (!setting) throw new Error(`${this.name} was not made`)
    this.child = begin(this.#run)
    await this.order({ kind: 'again', setting })
    await this.order({ kind: 'start', id, seeds })
  }
  get seed(): Peer {
    return { id: this.id, ...(this.setting?.record ?? { addresses: [], key: '' }) }
  }
}

/** `run`: words before those of Node, of a program that becomes Node. */
function begin(run: readonly string[]): ChildProcess {
  const [execPath = '', ...execArgv] = [...run, process.execPath]
  return fork(join(import.meta.dirname, 'child.ts'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execPath,
    execArgv,
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address ? address.port : 0
}

export async function until<T>(what: () => Promise<T | null | false>): Promise<T> {
  const deadline = performance.now() + SLOW_MS
  for (;;) {
    const found = await what()
    if (found) return found
    if (performance.now() > deadline) throw new Error('it did not come to that within a minute')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** All three vote. `run`: see `begin`. */
export async function startTrio(
  directory: string,
  document: string,
  run: readonly string[] = [],
): Promise<[Member, Member, Member]> {
  const authority = await makeAuthority('bench')
  const all = ['dir1', 'dir2', 'rs1'].map((name) => new Member(name, join(directory, name), run)) as [
    Member,
    Member,
    Member,
  ]
  const [first, ...others] = all
  await first.settle(authority, document)
  await first.order({ kind: 'start', id: 1, seeds: [] })
  await until(async () => (await first.status()).role === 'leader')
  const seeds = [first.seed]
  for (const other of others) {
    const store = await other.settle(authority, null)
    const { id: _, ...record } = other.seed
    const member = { name: other.name, ...record }
    other.id = await until(async () => {
      const answer = (await first.order({ kind: 'add', member, store })) as { kind: string; id?: number }
      return answer.kind === 'added' && (answer.id ?? 0)
    })
    await other.order({ kind: 'start', id: other.id, seeds })
  }
  await until(async () => (await first.status()).membership.members.every(({ role }) => role === 'voter'))
  return all
}

/** Who leads, as it says itself. */
export async function leaderOf(members: readonly Member[]): Promise<Member> {
  return until(async () => {
    for (const member of members) if ((await member.status()).role === 'leader') return member
    return null
  })
}
