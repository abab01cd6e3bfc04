/**
 * A machine that runs a coordinator: the real core over a simulated database, network and clock. Its id and its database are
 * what it was given when it joined; without them nothing runs on it.
 */
import { instant, type Instant, seededRandom } from '@lvsm/base'
import {
  createRaft,
  type Effect,
  type Input,
  type InstallSnapshot,
  type Message,
  type NodeId,
  type Persist,
  type Raft,
  RULES,
  type Settings,
} from '@lvsm/raft'
import type { Schedule } from '../kit/schedule.ts'
import type { Machine, Result } from './register.ts'
import type { Plant } from './plant.ts'
import type { Content, Store } from './store.ts'

export interface Datagram {
  readonly message: Message
  /** The state that travels with a snapshot. */
  readonly body: Machine | null
}
export interface Surroundings {
  readonly schedule: Schedule
  readonly settings: Settings
  readonly plant: Plant
  send(host: Host, datagram: Datagram): void
  /** Resolves by `done` with whether it arrived. */
  sendSnapshot(host: Host, datagram: Datagram, done: (ok: boolean) => void): void
  /** After each step. */
  stepped(host: Host): void
  happened(host: Host, effect: Effect): void
}
/** What a client, or an operator, waits for. */
export type Reply =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly code: string; readonly leader: NodeId | null }

export class Host {
  readonly name: string
  readonly #world: Surroundings
  /** Its clock runs at this rate. */
  readonly rate: number
  id: NodeId
  store: Store
  raft: Raft | null = null
  /** Number of the present start; what belongs to another is late. */
  boot = 0
  heldUntil = 0
  readonly #waiting = new Map<string, (reply: Reply) => void>()
  #results = new Map<number, Result>()
  #bodies = new Map<number, Machine>()

  constructor(name: string, world: Surroundings, rate: number, id: NodeId, store: Store) {
    this.name = name
    this.#world = world
    this.rate = rate
    this.id = id
    this.store = store
  }

  get now(): Instant {
    return instant(this.#world.schedule.now * this.rate)
  }
  get content(): Content {
    return this.store.content
  }

  start(): void {
    if (this.raft || this.id === 0) return
    const { plant, settings } = this.#world
    this.boot += 1
    const { content, identity } = this.store
    this.raft = createRaft({
      id: this.id,
      store: identity,
      stored: plant.stored?.(content) ?? content,
      settings: { ...settings, ...plant.settings },
      random: seededRandom(this.boot * 7919 + Number(this.name.slice(1)) * 104_729),
      startedAt: this.now,
      rules: { ...RULES, ...plant.rules },
    })
    this.step({ kind: 'wake' })
  }

  /** The process ends here and now. */
  stop(): void {
    if (!this.raft) return
    this.raft = null
    this.boot += 1
    this.#bodies.clear()
    this.#results.clear()
    this.#waiting.clear()
    this.store.crash()
  }

  /** Does nothing for so long; what comes in waits. */
  hold(ms: number): void {
    this.heldUntil = Math.max(this.heldUntil, this.#world.schedule.now + ms)
  }

  receive({ message, body }: Datagram): void {
    if (body && message.kind === 'install-snapshot') this.#bodies.set(message.lastIncludedIndex, body)
    this.step({ kind: 'message', message })
  }

  /** `reply` comes at most once. */
  ask(input: Extract<Input, { kind: 'propose' | 'change' | 'read' }>, reply: (reply: Reply) => void): void {
    if (!this.raft) return
    this.#waiting.set(input.id, reply)
    this.step(input)
  }

  step(input: Input): void {
    const { schedule, plant } = this.#world
    const { boot } = this
    if (schedule.now < this.heldUntil)
      return schedule.at(this.heldUntil, () => void (this.boot === boot && this.step(input)))
    const told = plant.input ? plant.input(input) : input
    if (!this.raft || !told) return
    const effects = this.raft.step(told, this.now)
    this.#world.stepped(this)
    for (const effect of effects) this.#carryOut(plant.effect ? plant.effect(effect) : effect)
  }

  #carryOut(effect: Effect): void {
    this.#world.happened(this, effect)
    switch (effect.kind) {
      case 'persist':
        return this.#persist(effect)
      case 'send':
        return this.#world.send(this, { message: effect.message, body: null })
      case 'send-snapshot':
        return this.#sendSnapshot(effect)
      case 'wake':
        return this.#wake(effect.at)
      case 'outcome':
        return this.#answer(effect.id, outcomeOf(effect, this.#results))
      case 'read':
        return this.#answer(effect.id, this.#readOf(effect))
      case 'exit':
        return this.stop()
      case 'role':
      case 'expelled':
      case 'transfer-ended':
        return
    }
  }

  #persist(persist: Persist): void {
    const { boot } = this
    const body = persist.install ? (this.#bodies.get(persist.install.index) ?? null) : null
    this.store.write(persist, body, ({ fault, results }) => {
      if (this.boot !== boot) return
      for (const result of results) this.#results.set(result.index, result)
      const { write } = persist
      this.step(fault ? { kind: 'persist-failed', write, fault } : { kind: 'persisted', write })
    })
  }

  #sendSnapshot({ to, term, snapshot }: Extract<Effect, { kind: 'send-snapshot' }>): void {
    const { boot, id: from } = this
    const { identity: store } = this.store
    this.store.read((content) => {
      if (this.boot !== boot || content.lastApplied !== snapshot.index) {
        if (this.boot === boot) this.step({ kind: 'snapshot-sent', to, ok: false })
        return
      }
      const message: InstallSnapshot = {
        kind: 'install-snapshot',
        from,
        to,
        store,
        term,
        lastIncludedIndex: snapshot.index,
        lastIncludedTerm: snapshot.term,
        membership: snapshot.membership,
      }
      this.#world.sendSnapshot(this, { message, body: content.machine }, (ok) => {
        if (this.boot === boot) this.step({ kind: 'snapshot-sent', to, ok })
      })
    })
  }

  #timer = 0
  /** One timer: the last that was asked for. */
  #wake(at: Instant): void {
    const { boot } = this
    const timer = ++this.#timer
    this.#world.schedule.at(at / this.rate + 1e-6, () => {
      if (this.boot === boot && this.#timer === timer) this.step({ kind: 'wake' })
    })
  }

  #answer(id: string, reply: Reply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    waiting?.(reply)
  }
  #readOf({ result }: Extract<Effect, { kind: 'read' }>): Reply {
    if (result.kind === 'refused') return { kind: 'refused', code: result.refusal.code, leader: result.leader }
    const { revision, value, index } = this.content.machine
    return { kind: 'done', result: { index, operation: '', ok: true, revision, value } }
  }
}

function outcomeOf({ outcome }: Extract<Effect, { kind: 'outcome' }>, results: ReadonlyMap<number, Result>): Reply {
  if (outcome.kind === 'unknown') return { kind: 'unknown' }
  if (outcome.kind === 'refused') return { kind: 'refused', code: outcome.refusal.code, leader: outcome.leader }
  const result = results.get(outcome.index)
  if (!result) throw new Error(`entry ${outcome.index} was called committed, and is not applied here`)
  return { kind: 'done', result }
}
