/** All machines of one life, what joins them, and the book of what happened. */
import { type Random, randomBetween, seededRandom } from '@lvsm/base'
import { type Effect, type Entry, type Member, type NodeId, type Settings } from '@lvsm/raft'
import { Network } from '../kit/network.ts'
import { Schedule } from '../kit/schedule.ts'
import { type Datagram, Host, type Surroundings } from './host.ts'
import { Law } from './law.ts'
import type { Operation } from './linear.ts'
import type { Plot } from './life.ts'
import type { Plant } from './plant.ts'
import { apply, BLANK } from './register.ts'
import { type Content, Store } from './store.ts'

export const SETTINGS: Settings = {
  electionMs: 300,
  heartbeatMs: 70,
  preVote: true,
  window: 4,
  messageSize: 1500,
  uncommittedSize: 6000,
  entrySize: 3000,
  keepEntries: 20,
  keepSize: 12_000,
  promoteLag: 10,
  promoteMs: 400,
  stallMs: 500,
  retryMs: 400,
  snapshotMs: 900,
}
const SNAPSHOT_MS = [5, 250] as const
const LINES = 4000

export class World implements Surroundings {
  readonly seed: number
  readonly schedule = new Schedule()
  readonly settings: Settings
  readonly #plot: Plot
  readonly plant: Plant
  readonly random: Random
  readonly network: Network<Datagram>
  readonly law: Law
  readonly hosts: Host[] = []
  readonly history: Operation[] = []
  /** What happened, line by line. */
  readonly lines: string[] = []
  /** How often something happened in this life. */
  readonly tally = new Map<string, number>()
  /** Clients begin nothing any more. */
  closed = false
  /** Probability that a snapshot is lost on its way. */
  snapshotLoss = 0
  /** Those that were wiped too: what they held, they held when they said so. */
  readonly #databases = new Map<string, Store>()

  constructor(seed: number, plant: Plant, plot: Plot) {
    this.seed = seed
    this.#plot = plot
    this.settings = { ...SETTINGS, ...plot.settings }
    this.plant = plant
    this.random = seededRandom(seed)
    this.law = new Law((identity) => this.#databases.get(identity)?.content)
    this.network = new Network(this.schedule, seededRandom(seed ^ 0x6e65), ({ to }, datagram) => {
      const host = this.hosts.find(({ name }) => name === to)
      host?.receive(datagram)
    })
  }

  addHost(id: NodeId, content: Content): Host {
    const name = `m${this.hosts.length + 1}`
    const rate = randomBetween(this.random, ...this.#plot.rates)
    const host = new Host(name, this, rate, id, this.newStore(content))
    this.hosts.push(host)
    return host
  }
  newStore(content: Content): Store {
    const number = this.#databases.size + 1
    const identity = `s${number}`
    const random = seededRandom(this.seed ^ (0x5709 + number * 7919))
    const store = new Store(this.schedule, random, identity, content, this.#plot.tookMs, (after, persist) => {
      this.law.transacted(identity, after, persist)
      if (persist.install) this.count('snapshot installed')
      if (persist.compact) this.count('compacted')
      if (persist.truncateFrom !== null) this.count('truncated')
    })
    this.#databases.set(identity, store)
    return store
  }

  /** Where a member runs: the machine with its database, or the one that last had its id. */
  readonly hostOf = (id: NodeId): Host | undefined => this.hosts.find((host) => host.id === id)
  /** Who leads by its own word, of the highest term. */
  leader(): Host | null {
    const leading = this.hosts.filter(({ raft }) => raft?.state.role === 'leader')
    return leading.toSorted((a, b) => (b.raft?.state.currentTerm ?? 0) - (a.raft?.state.currentTerm ?? 0))[0] ?? null
  }

  send(from: Host, datagram: Datagram): void {
    const to = this.hostOf(datagram.message.to)
    if (to) this.network.send({ from: from.name, to: to.name, link: 0 }, datagram)
  }
  sendSnapshot(from: Host, datagram: Datagram, done: (ok: boolean) => void): void {
    const to = this.hostOf(datagram.message.to)
    this.schedule.in(randomBetween(this.random, ...SNAPSHOT_MS), () => {
      const ok = to !== undefined && this.random.next() >= this.snapshotLoss
      if (ok) this.network.send({ from: from.name, to: to.name, link: 0 }, datagram)
      done(ok)
    })
  }

  stepped(host: Host): void {
    this.law.stepped(host)
  }
  happened(host: Host, effect: Effect): void {
    this.law.happened(host, effect)
    if (effect.kind === 'role' && effect.role === 'leader') this.count('elected')
    if (effect.kind === 'transfer-ended') this.count(`transfer ${effect.how}`)
    if (effect.kind === 'expelled') this.count(`expelled: ${effect.reason}`)
    if (effect.kind === 'outcome') this.count(`outcome ${effect.outcome.kind}`)
    if (
      effect.kind === 'role' ||
      effect.kind === 'expelled' ||
      effect.kind === 'exit' ||
      effect.kind === 'transfer-ended'
    )
      this.note(`${host.name} (${host.id}) ${JSON.stringify(effect)}`)
  }

  count(what: string, times = 1): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + times)
  }
  note(text: string): void {
    this.lines.push(`${this.schedule.now.toFixed(1)} ${text}`)
    if (this.lines.length > LINES) this.lines.shift()
  }
}

/** A cluster of so many voters that has run for a while: node 1 began it, each of the others was added and promoted. */
export function founded(voters: number): { ids: readonly NodeId[]; content: (identity: readonly string[]) => Content } {
  const ids = Array.from({ length: voters }, (_, at) => (at === 0 ? 1 : 2 * at))
  return { ids, content: (stores) => contentOf(ids, stores) }
}

function contentOf(ids: readonly NodeId[], stores: readonly string[]): Content {
  const entries: Entry[] = []
  let members: readonly Member[] = []
  const put = (next: readonly Member[]): void => {
    members = next
    entries.push({ kind: 'membership', index: entries.length + 1, term: 1, membership: { members }, payload: '' })
  }
  for (const [at, id] of ids.entries()) {
    const store = stores[at] ?? ''
    if (at > 0) put([...members, { id, store, role: 'learner' }])
    put([...members.filter((member) => member.id !== id), { id, store, role: 'voter' }])
  }
  const machine = entries.reduce((state, entry) => apply(state, entry).machine, BLANK)
  return {
    hardState: { currentTerm: 1, votedFor: null },
    snapshot: { index: 0, term: 0, membership: { members: [] } },
    entries,
    lastApplied: entries.length,
    machine,
  }
}
