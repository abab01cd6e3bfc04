/** Coordinators as a whole in this process: real databases on the disk, real time; between them TLS, or links that can be cut. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant, seededRandom } from '@lvsm/base'
import { writtenOf } from '@lvsm/changes'
import { createAlarm } from '@lvsm/kernel'
import { encodeMember, type MemberRecord } from '@lvsm/protocol'
import { DEFAULTS, FIRST, foundedBy, JOINING, type NodeId, type Settings } from '@lvsm/raft'
import { fingerprintOfKey, makeAuthority, makeKeyPair, signCertificate } from '@lvsm/trust'
import { openLinks } from '../../coordinator/adapters/links/open.ts'
import type { NodeServer } from '../../coordinator/adapters/links/node-server.ts'
import { linkOptions, type NodeIdentity } from '../../coordinator/adapters/links/options.ts'
import { createStore } from '../../coordinator/adapters/store/create.ts'
import { openStore } from '../../coordinator/adapters/store/store.ts'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { timed } from '../../coordinator/counts.ts'
import { LIMITS } from '../../coordinator/core/events.ts'
import { MACHINE, NOTHING } from '../../coordinator/core/machine.ts'
import { isAboutNodes, type LinksHeard, type LinksPort, type NodesMessage, type Peer } from '../../coordinator/ports.ts'
import { vi } from 'vitest'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'
import { freePort } from './free-port.ts'

export const QUICK: Settings = { ...DEFAULTS, electionMs: 400, heartbeatMs: 80, promoteMs: 100, keepEntries: 300 }

export const recordOf = (name: string): MemberRecord => ({
  name,
  addresses: [{ host: '192.0.2.1', port: 7446 }],
  key: 'ab'.repeat(32),
})

/** What is between coordinators. */
export interface Wire {
  record(name: string): Promise<MemberRecord>
  open(name: string, id: NodeId, heard: LinksHeard): Promise<LinksPort>
}

/** The real links, on the loopback. */
export class Tls implements Wire {
  readonly authority = makeAuthority('lab')
  /** The port for nodes of each, by its name. */
  readonly servers = new Map<string, NodeServer>()
  readonly #ends = new Map<string, Promise<{ identity: NodeIdentity; record: MemberRecord }>>()

  async record(name: string): Promise<MemberRecord> {
    return (await this.#end(name)).record
  }
  async open(name: string, id: NodeId, heard: LinksHeard): Promise<LinksPort> {
    const { identity, record } = await this.#end(name)
    const opened = await openLinks({
      id,
      identity,
      heard,
      listen: record.addresses,
      options: linkOptions(QUICK.electionMs),
      random: seededRandom(id),
      told: { count: () => undefined, trouble: () => undefined },
    })
    if (!opened.ok) throw new Error(opened.refusal.message)
    this.servers.set(name, opened.server)
    return opened.links
  }
  /** It listens elsewhere from its next start on. */
  async move(name: string): Promise<MemberRecord> {
    const { identity, record } = await this.#end(name)
    const moved = { ...record, addresses: [{ host: '127.0.0.1', port: await freePort() }] }
    this.#ends.set(name, Promise.resolve({ identity, record: moved }))
    return moved
  }
  #end(name: string) {
    const known = this.#ends.get(name) ?? this.#make(name)
    this.#ends.set(name, known)
    return known
  }
  async #make(name: string) {
    const { privateKey, publicKey } = makeKeyPair()
    const authority = await this.authority
    const certificate = await signCertificate(authority, { name, publicKey })
    const addresses = [{ host: '127.0.0.1', port: await freePort() }]
    return {
      identity: { certificate, privateKey, authority: authority.certificate },
      record: { name, addresses, key: fingerprintOfKey(publicKey) },
    }
  }
}

/** What is sent arrives in the next turn; who is cut off hears and says nothing. */
export class Hub implements Wire {
  readonly cut = new Set<NodeId>()
  snapshots = 0
  readonly #ends = new Map<NodeId, { heard: LinksHeard; known: ReadonlySet<NodeId> }>()

  async record(name: string): Promise<MemberRecord> {
    return recordOf(name)
  }
  async open(_name: string, id: NodeId, heard: LinksHeard): Promise<LinksPort> {
    const end = { heard, known: new Set<NodeId>() }
    this.#ends.set(id, end)
    const way = (to: NodeId, arrive: (heard: LinksHeard) => void): boolean => {
      const other = this.#ends.get(to)
      const isThere = other?.known.has(id) && end.known.has(to) && !this.cut.has(id) && !this.cut.has(to)
      if (!other || !isThere) return false
      setImmediate(() => this.#ends.get(to) === other && arrive(other.heard))
      return true
    }
    return {
      know: (peers) => void (end.known = new Set(peers.map(({ id: peer }) => peer))),
      send: (message) => void way(message.to, (to) => to.heard(structuredClone(message))),
      sendSnapshot: (message, state, done) => {
        this.snapshots += 1
        const ok = way(message.to, (to) => to.snapshot(structuredClone(message), state))
        setImmediate(() => done(ok))
      },
      close: (closed) => {
        if (this.#ends.get(id) === end) this.#ends.delete(id)
        closed()
      },
    }
  }
}

/** The first of them begins, the others join, and all of them vote in the end. */
export async function grown(places: readonly [Place, ...Place[]]): Promise<void> {
  const [first, ...others] = places
  await (await first.found()).start()
  await vi.waitUntil(() => first.role === 'leader', SOON)
  const seeds = [{ id: first.id, ...(await first.record()) }]
  for (const other of others) {
    other.prepare()
    const record = await other.record()
    const add = async () => {
      const answer = await first.coordinator.add(record, other.identity)
      return answer.kind === 'added' ? answer.id : 0
    }
    other.id = await vi.waitUntil(add, SOON)
    await other.start(seeds)
  }
  const voters = () => first.coordinator.status().raft.membership.members.filter(({ role }) => role === 'voter')
  await vi.waitUntil(() => voters().length === places.length, SOON)
}
export const SOON = { timeout: 60_000, interval: 10 }

const clock = () => instant(performance.now())

export class Place {
  readonly name: string
  readonly path: string
  readonly said: string[] = []
  readonly failures: string[] = []
  readonly #wire: Wire
  readonly #directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-coordinator-')))
  id: NodeId = 0
  identity = ''
  running: Coordinator | null = null
  /** To the others; and what they say of nodes. */
  links: LinksPort | null = null
  heardOfNodes: (message: NodesMessage) => void = () => undefined
  /** Of its database. */
  writes = 0
  #boots = 0
  #close = (): Promise<void> => Promise.resolve()

  constructor(name: string, wire: Wire) {
    this.name = name
    this.#wire = wire
    this.path = join(this.#directory, 'coordinator.db')
  }

  /** With these commands in its log already. */
  async found(...commands: readonly string[]): Promise<this> {
    const payload = encodeMember({
      member: await this.record(),
      founding: { file: writtenOf(DOCUMENT, 1), author: 'root', at: 1, finalized: 1 },
    })
    const later = commands.map(
      (command, at) => ({ kind: 'command', index: at + 2, term: 1, payload: command }) as const,
    )
    const begin = (identity: string) => {
      const stored = foundedBy(identity, payload)
      return { stored: { ...stored, entries: [...stored.entries, ...later] }, state: NOTHING }
    }
    return this.#make(begin, FIRST)
  }
  /** It needs an id before it starts. */
  prepare(): this {
    return this.#make(() => ({ stored: JOINING, state: NOTHING }), 0)
  }
  #make(begin: Parameters<typeof createStore<typeof NOTHING>>[2], id: NodeId): this {
    const refusal = createStore(this.path, MACHINE, (identity) => {
      this.identity = identity
      return begin(identity)
    })
    if (refusal) throw new Error(refusal.message)
    this.id = id
    return this
  }

  async start(seeds: readonly Peer[] = []): Promise<this> {
    const opened = await openStore({ path: this.path, machine: MACHINE })
    if (!opened.ok) throw new Error(`${opened.refusal.code}: ${opened.refusal.message}`)
    let hearing: LinksHeard | null = null
    const links = await this.#wire.open(this.name, this.id, {
      heard: (message) => (isAboutNodes(message) ? this.heardOfNodes(message) : hearing?.heard(message)),
      removed: (by) => hearing?.removed(by),
      snapshot: (message, state) => hearing?.snapshot(message, state),
    })
    this.links = links
    this.#boots += 1
    this.#close = () => opened.store.close()
    this.running = new Coordinator(
      {
        id: this.id,
        store: timed(opened.store, { clock, wrote: () => void (this.writes += 1) }),
        settings: QUICK,
        limits: { ...LIMITS, patienceMs: 5000, growMs: 50 },
        seeds,
        boot: `${this.name}.${this.#boots}`,
        withhold: () => null,
        openLinks: (heard) => {
          hearing = heard
          return links
        },
      },
      {
        clock,
        wallClock: () => Date.now(),
        random: seededRandom(this.id * 7919 + this.#boots),
        alarm: (ring) => createAlarm(clock, ring),
        say: (text) => void this.said.push(text),
        fail: (reason) => void this.failures.push(reason),
      },
    )
    return this
  }
  async stop(): Promise<void> {
    const { running } = this
    this.running = null
    if (!running) return
    await running.stop()
    await this.#close()
  }
  record(): Promise<MemberRecord> {
    return this.#wire.record(this.name)
  }
  get coordinator(): Coordinator {
    if (!this.running) throw new Error(`${this.name} does not run`)
    return this.running
  }
  get role(): string {
    return this.running?.status().raft.role ?? 'down'
  }
  remove(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }
}
