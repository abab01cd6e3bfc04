/** Coordinators as a whole in this process: real databases on the disk, real time; between them links that can be cut. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { instant, seededRandom } from '@lvsm/base'
import { writtenOf } from '@lvsm/changes'
import { createAlarm } from '@lvsm/kernel'
import { encodeMember, type MemberRecord } from '@lvsm/protocol'
import { DEFAULTS, FIRST, foundedBy, JOINING, type NodeId, type Settings } from '@lvsm/raft'
import { createStore } from '../../coordinator/adapters/store/create.ts'
import { openStore } from '../../coordinator/adapters/store/store.ts'
import { Coordinator } from '../../coordinator/coordinator.ts'
import { LIMITS } from '../../coordinator/core/events.ts'
import { MACHINE, NOTHING } from '../../coordinator/core/machine.ts'
import type { LinksHeard, LinksPort, Peer } from '../../coordinator/ports.ts'
import { DOCUMENT } from '../../packages/changes/src/fixture.ts'

export const QUICK: Settings = { ...DEFAULTS, electionMs: 400, heartbeatMs: 80, promoteMs: 300, keepEntries: 300 }

export const recordOf = (name: string): MemberRecord => ({
  name,
  addresses: [{ host: '192.0.2.1', port: 7446 }],
  key: 'ab'.repeat(32),
})

/** What is sent arrives in the next turn; who is cut off hears and says nothing. */
export class Hub {
  readonly cut = new Set<NodeId>()
  snapshots = 0
  readonly #ends = new Map<NodeId, { heard: LinksHeard; known: ReadonlySet<NodeId> }>()

  open(id: NodeId, heard: LinksHeard): LinksPort {
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
      know: (peers) => {
        end.known = new Set(peers.map((peer) => peer.id))
      },
      send: (message) => void way(message.to, (to) => to.heard(structuredClone(message))),
      sendSnapshot: (message, state, done) => {
        this.snapshots += 1
        const ok = way(message.to, (to) => to.snapshot(structuredClone(message), state))
        setImmediate(() => done(ok))
      },
      close: () => void (this.#ends.get(id) === end && this.#ends.delete(id)),
    }
  }
}

export class Place {
  readonly name: string
  readonly path: string
  readonly said: string[] = []
  readonly failures: string[] = []
  readonly #hub: Hub
  readonly #directory = realpathSync(mkdtempSync(join(tmpdir(), 'lvsm-coordinator-')))
  id: NodeId = 0
  identity = ''
  running: Coordinator | null = null
  #boots = 0
  #close = (): Promise<void> => Promise.resolve()

  constructor(name: string, hub: Hub) {
    this.name = name
    this.#hub = hub
    this.path = join(this.#directory, 'coordinator.db')
  }

  /** With these commands in its log already. */
  found(...commands: readonly string[]): this {
    const payload = encodeMember({
      member: recordOf(this.name),
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
    const clock = () => instant(performance.now())
    this.#boots += 1
    this.#close = () => opened.store.close()
    this.running = new Coordinator(
      {
        id: this.id,
        store: opened.store,
        settings: QUICK,
        limits: LIMITS,
        seeds,
        boot: `${this.name}.${this.#boots}`,
        openLinks: (heard) => this.#hub.open(this.id, heard),
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
