/** Three coordinators, each a process of its own, on the loopback and one disk. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { type RaftStatus } from '@lvsm/raft'
import { type Authority, fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import type { Order, Setting } from './child.ts'

interface Status extends Pick<RaftStatus, 'role' | 'term' | 'membership'> {
  readonly revision: number | undefined
}
export const SLOW_MS = 60_000

export class Member {
  readonly name: string
  readonly directory: string
  readonly child: ChildProcess
  setting: Setting | null = null

  constructor(name: string, directory: string) {
    this.name = name
    this.directory = directory
    mkdirSync(directory, { mode: 0o700 })
    this.child = fork(join(import.meta.dirname, 'child.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
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
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }
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

/** All three vote. */
export async function startTrio(directory: string, document: string): Promise<[Member, Member, Member]> {
  mkdirSync(directory, { mode: 0o700 })
  const authority = await makeAuthority('bench')
  const all = ['dir1', 'dir2', 'rs1'].map((name) => new Member(name, join(directory, name))) as [Member, Member, Member]
  const [first, ...others] = all
  await first.settle(authority, document)
  await first.order({ kind: 'start', id: 1, seeds: [] })
  await until(async () => (await first.status()).role === 'leader')
  const record = (member: Member) => member.setting?.record ?? { addresses: [], key: '' }
  const seeds = [{ id: 1, ...record(first) }]
  for (const other of others) {
    const store = await other.settle(authority, null)
    const member = { name: other.name, ...record(other) }
    const id = await until(async () => {
      const answer = (await first.order({ kind: 'add', member, store })) as { kind: string; id?: number }
      return answer.kind === 'added' && (answer.id ?? 0)
    })
    await other.order({ kind: 'start', id, seeds })
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
