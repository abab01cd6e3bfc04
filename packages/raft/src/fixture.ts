/** Some cores side by side: what they say waits on a wire, what they write is done at once or when the test says so. */
import { instant, type Instant, seededRandom } from '@lvsm/base'
import { type Entry, EMPTY, type Member, type Membership, type NodeId, type Snapshot } from './entry.ts'
import type { Effect, Input, Persist, Stored } from './events.ts'
import type { Message } from './messages.ts'
import { createRaft, type Raft } from './raft.ts'
import { RULES, type Rules } from './rules.ts'
import { DEFAULTS, type Settings } from './settings.ts'
import type { RaftState } from './state.ts'

export const storeOf = (id: NodeId): string => `store ${id}`
export const voter = (id: NodeId): Member => ({ id, store: storeOf(id), role: 'voter' })
export const learner = (id: NodeId): Member => ({ id, store: storeOf(id), role: 'learner' })
export const members = (...list: Member[]): Membership => ({ members: list })
export const voters = (...ids: NodeId[]): Membership => members(...ids.map(voter))

/** One command for each of these terms, in the order of the log. */
export const commands = (terms: readonly number[], first = 1): Entry[] =>
  terms.map((term, at) => ({ kind: 'command', index: first + at, term, payload: `${first + at} of term ${term}` }))
export const noop = (index: number, term: number): Entry => ({ kind: 'noop', index, term })
export const memberEntry = (index: number, term: number, membership: Membership): Entry => ({
  kind: 'membership',
  index,
  term,
  membership,
  payload: '',
})
export const snapshotAt = (index: number, term: number, membership: Membership): Snapshot => ({
  index,
  term,
  membership,
})
/** A database with this log, in a cluster of these members; nothing of it is applied. */
export const holding = (membership: Membership, entries: readonly Entry[], more: Partial<Stored> = {}): Stored => ({
  hardState: { currentTerm: entries.at(-1)?.term ?? more.snapshot?.term ?? 0, votedFor: null },
  snapshot: { ...EMPTY, membership },
  entries,
  lastApplied: more.snapshot?.index ?? 0,
  ...more,
})

interface Node {
  raft: Raft
  stored: Stored
  readonly effects: Effect[]
  /** Under way; done at once unless `slow`. */
  readonly writes: Persist[]
  slow: boolean
  wakeAt: Instant
  readonly store: string
}
export interface BenchOptions {
  readonly settings?: Partial<Settings>
  readonly rules?: Partial<Rules>
  /** Where it differs from the others. */
  readonly settingsOf?: (id: NodeId) => Partial<Settings>
  readonly storeOf?: (id: NodeId) => string
}
export type Way = readonly [from: NodeId, to: NodeId]

export class Bench {
  now = 0
  readonly nodes = new Map<NodeId, Node>()
  wire: Message[] = []
  /** Every message that was ever sent. */
  readonly said: Message[] = []
  /** What does not get through, though its way is open. */
  loses: (message: Message) => boolean = () => false
  /** Snapshots that were to be sent; done at once unless `slowSnapshots`. */
  readonly snapshots: Extract<Effect, { kind: 'send-snapshot' }>[] = []
  slowSnapshots = false
  readonly #cuts = new Set<string>()
  readonly #options: BenchOptions

  constructor(databases: Readonly<Record<NodeId, Stored>>, options: BenchOptions = {}) {
    this.#options = options
    for (const [id, stored] of Object.entries(databases)) this.start(Number(id), stored)
  }

  /** Also again: what was not written is lost. */
  start(id: NodeId, stored = this.node(id).stored, store = this.#options.storeOf?.(id) ?? storeOf(id)): void {
    const { settings, rules, settingsOf } = this.#options
    const node: Node = {
      raft: createRaft({
        id,
        store,
        stored,
        settings: { ...DEFAULTS, ...settings, ...settingsOf?.(id) },
        random: seededRandom(id),
        startedAt: instant(this.now),
        rules: { ...RULES, ...rules },
      }),
      stored,
      effects: [],
      writes: [],
      slow: false,
      wakeAt: instant(this.now),
      store,
    }
    this.nodes.set(id, node)
  }
  stop(id: NodeId): void {
    this.nodes.delete(id)
    this.wire = this.wire.filter(({ to }) => to !== id)
  }
  node(id: NodeId): Node {
    const node = this.nodes.get(id)
    if (!node) throw new Error(`no node ${id}`)
    return node
  }
  state(id: NodeId): RaftState {
    return this.node(id).raft.state as RaftState
  }

  step(id: NodeId, input: Input): readonly Effect[] {
    const node = this.node(id)
    const effects = node.raft.step(input, instant(this.now))
    node.effects.push(...effects)
    for (const effect of effects) {
      if (effect.kind === 'send') this.#post(effect.message)
      if (effect.kind === 'send-snapshot') this.#snapshot(id, effect)
      if (effect.kind === 'persist') node.writes.push(effect)
      if (effect.kind === 'wake') node.wakeAt = effect.at
    }
    if (!node.slow) this.write(id)
    return effects
  }
  #post(message: Message): void {
    this.said.push(message)
    if (!this.#cuts.has(`${message.from} ${message.to}`) && !this.loses(message)) this.wire.push(message)
  }
  #snapshot(from: NodeId, effect: Extract<Effect, { kind: 'send-snapshot' }>): void {
    this.snapshots.push(effect)
    if (this.slowSnapshots) return
    this.sendSnapshot(from, effect)
    this.#later.push(() => this.step(from, { kind: 'snapshot-sent', to: effect.to, ok: true }))
  }
  readonly #later: (() => void)[] = []
  sendSnapshot(from: NodeId, { to, term, snapshot }: Extract<Effect, { kind: 'send-snapshot' }>): void {
    const { index: lastIncludedIndex, term: lastIncludedTerm, membership } = snapshot
    const { store } = this.node(from)
    this.#post({ kind: 'install-snapshot', from, to, store, term, lastIncludedIndex, lastIncludedTerm, membership })
  }

  /** The disk does what was asked of it. */
  write(id: NodeId): void {
    const node = this.node(id)
    for (let persist = node.writes.shift(); persist; persist = node.writes.shift()) {
      node.stored = transact(node.stored, persist)
      this.step(id, { kind: 'persisted', write: persist.write })
    }
  }
  fail(id: NodeId, fault: 'full' | 'io'): void {
    const [first] = this.node(id).writes.splice(0)
    if (first) this.step(id, { kind: 'persist-failed', write: first.write, fault })
  }

  cut(...ways: readonly Way[]): void {
    for (const [from, to] of ways) this.#cuts.add(`${from} ${to}`)
  }
  isolate(id: NodeId): void {
    for (const other of this.nodes.keys()) if (other !== id) this.cut([id, other], [other, id])
    this.wire = this.wire.filter(({ from, to }) => from !== id && to !== id)
  }
  heal(): void {
    this.#cuts.clear()
  }

  /** Everything that is said, and what is said to that. */
  deliver(): void {
    for (let left = 10_000; this.wire.length > 0; left--) {
      if (left === 0) throw new Error('they never stop talking')
      for (const sent of this.#later.splice(0)) sent()
      const message = this.wire.shift()
      if (message && this.nodes.has(message.to)) this.step(message.to, { kind: 'message', message })
    }
  }
  /** Time passes: timers go off in their order, and everything is delivered. */
  pass(ms: number): void {
    const end = this.now + ms
    this.deliver()
    for (;;) {
      const [id, node] = [...this.nodes].toSorted(([, a], [, b]) => a.wakeAt - b.wakeAt)[0] ?? []
      if (id === undefined || !node || node.wakeAt > end) break
      this.now = Math.max(this.now, node.wakeAt)
      node.wakeAt = instant(Number.POSITIVE_INFINITY)
      this.step(id, { kind: 'wake' })
      this.deliver()
    }
    this.now = end
  }

  /** Its election time-out comes first, and long enough after a leader was heard. */
  timeOut(id: NodeId): void {
    this.now += this.state(id).settings.electionMs
    this.state(id).electionAt = instant(this.now)
    this.step(id, { kind: 'wake' })
  }
  elect(id: NodeId): void {
    this.timeOut(id)
    this.deliver()
    if (this.state(id).role !== 'leader') throw new Error(`${id} was not elected, but is ${this.state(id).role}`)
  }
  propose(id: NodeId, name: string, payload = name): void {
    this.step(id, { kind: 'propose', id: name, payload })
  }
  /** What became of it; undefined: nothing yet. */
  outcome(id: NodeId, name: string): string | undefined {
    const found = this.node(id).effects.find((effect) => effect.kind === 'outcome' && effect.id === name)
    if (found?.kind !== 'outcome') return undefined
    return found.outcome.kind === 'refused' ? found.outcome.refusal.code : found.outcome.kind
  }
  read(id: NodeId, name: string): string | number | undefined {
    const found = this.node(id).effects.find((effect) => effect.kind === 'read' && effect.id === name)
    if (found?.kind !== 'read') return undefined
    return found.result.kind === 'ready' ? found.result.index : found.result.refusal.code
  }
  /** Terms of its log, from the first entry that is there. */
  terms(id: NodeId): readonly number[] {
    return this.state(id).log.entries.map(({ term }) => term)
  }
}

function transact(stored: Stored, persist: Persist): Stored {
  const { install, truncateFrom, compact } = persist
  const base = install ? { snapshot: install, entries: [], lastApplied: install.index } : stored
  const kept = base.entries.filter(({ index }) => truncateFrom === null || index < truncateFrom)
  const snapshot = compact ?? base.snapshot
  return {
    hardState: persist.hardState ?? stored.hardState,
    snapshot,
    entries: [...kept, ...persist.append].filter(({ index }) => index > snapshot.index),
    lastApplied: persist.apply.at(-1)?.index ?? base.lastApplied,
  }
}
