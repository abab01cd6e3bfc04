/**
 * A machine that runs a coordinator: the real cores (Raft, and the coordinator's around it) over a simulated database, network and
 * clock. Its id and its database are what it was given when it joined; without them nothing runs on it.
 */
import { instant, type Instant, seededRandom } from '@lvsm/base'
import {
  createRaft,
  type Effect as RaftEffect,
  type InstallSnapshot,
  type NodeId,
  type Persist,
  type Raft,
  RULES,
  type Settings,
} from '@lvsm/raft'
import { Arrivals } from '../../coordinator/core/arrivals.ts'
import { type Core, createCore } from '../../coordinator/core/core.ts'
import type { Effect, Input, Limits, Reply as Answered, Wish } from '../../coordinator/core/events.ts'
import type { CoreMessage } from '../../coordinator/ports.ts'
import type { Schedule } from '../kit/schedule.ts'
import type { Machine, Result } from './register.ts'
import type { Plant } from './plant.ts'
import type { Content, Store } from './store.ts'

export interface Datagram {
  readonly message: CoreMessage | InstallSnapshot
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
  /** After each step of its Raft. */
  stepped(host: Host): void
  happened(host: Host, effect: RaftEffect): void
}
/** What a client, or an operator, waits for. */
export type Reply =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly code: string }

/** Its clients wait a little longer. Operators promote by themselves here. */
const LIMITS: Limits = { patienceMs: 500, lostMs: 100, againMs: 20, growMs: 1000, voters: 0 }

export class Host {
  readonly name: string
  readonly #world: Surroundings
  /** Its clock runs at this rate. */
  readonly rate: number
  id: NodeId
  store: Store
  raft: Raft | null = null
  #core: Core<Result> | null = null
  /** Number of the present start; what belongs to another is late. */
  boot = 0
  heldUntil = 0
  readonly #waiting = new Map<string, (reply: Answered<Result>) => void>()
  #arrivals = new Arrivals<Machine>()
  readonly #had = new WeakSet<Datagram>()

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
    this.#arrivals = plant.arrivals?.() ?? new Arrivals()
    const { content, identity } = this.store
    const startedAt = this.now
    this.raft = this.#watched(
      createRaft({
        id: this.id,
        store: identity,
        stored: plant.stored?.(content) ?? content,
        settings: { ...settings, ...plant.settings },
        random: seededRandom(this.boot * 7919 + Number(this.name.slice(1)) * 104_729),
        startedAt,
        rules: { ...RULES, ...plant.rules },
      }),
    )
    const core: Core<Result> = createCore({
      raft: this.raft,
      limits: LIMITS,
      startedAt,
      refuse: () => null,
      withhold: () => null,
    })
    this.#core = plant.core?.(core) ?? core
    this.step({ kind: 'wake' })
  }

  /** What a test plants is between the two cores. */
  #watched(raft: Raft): Raft {
    const { plant } = this.#world
    return {
      state: raft.state,
      status: (now) => raft.status(now),
      step: (input, now) => {
        const told = plant.input ? plant.input(input) : input
        if (!told) return []
        const effects = raft.step(told, now)
        this.#world.stepped(this)
        return effects.map((effect) => {
          const left = plant.effect ? plant.effect(effect) : effect
          this.#world.happened(this, left)
          return left
        })
      },
    }
  }

  /** The process ends here and now. */
  stop(): void {
    if (!this.raft) return
    this.raft = null
    this.#core = null
    this.boot += 1
    this.#waiting.clear()
    this.store.crash()
  }

  /** Does nothing for so long; what comes in waits. */
  hold(ms: number): void {
    this.heldUntil = Math.max(this.heldUntil, this.#world.schedule.now + ms)
  }

  receive(datagram: Datagram): void {
    const { message, body } = datagram
    // Raft bears doubles; of what its links carry besides, they promise that there are none.
    if (this.#had.has(datagram)) return
    if (message.kind === 'ask' || message.kind === 'answer') this.#had.add(datagram)
    const put = (state: Machine, index: number): void => this.#arrivals.put(index, state)
    const arrives = body && message.kind === 'install-snapshot'
    this.step({ kind: 'message', message }, () => arrives && put(body, message.lastIncludedIndex))
  }

  /** `reply` comes at most once. */
  ask(id: string, wish: Wish, reply: (reply: Reply) => void): void {
    if (!this.raft) return
    this.#waiting.set(id, (answer) => reply(this.#told(answer, wish)))
    this.step({ kind: 'ask', id, wish })
  }

  /** `first`: what its surroundings do in the same moment. */
  step(input: Input<Result>, first: () => void = () => undefined): void {
    const { schedule } = this.#world
    const { boot } = this
    if (schedule.now < this.heldUntil)
      return schedule.at(this.heldUntil, () => void (this.boot === boot && this.step(input, first)))
    first()
    for (const effect of this.#core?.step(input, this.now) ?? []) this.#carryOut(effect)
  }

  #carryOut(effect: Effect<Result>): void {
    switch (effect.kind) {
      case 'persist':
        return this.#persist(effect)
      case 'send':
        return this.#world.send(this, { message: effect.message, body: null })
      case 'send-snapshot':
        return this.#sendSnapshot(effect)
      case 'wake':
        return this.#wake(effect.at)
      case 'reply':
        return this.#answer(effect.id, effect.reply)
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
    const { install } = persist
    const body = install && this.#arrivals.take(install.index)
    this.store.write(persist, body, ({ fault, results }) => {
      if (this.boot !== boot) return
      const { write } = persist
      if (install && !fault) this.#arrivals.installed(install.index)
      const applied = results.map((result) => ({ index: result.index, result }))
      this.step(fault ? { kind: 'persist-failed', write, fault } : { kind: 'persisted', write, applied })
    })
  }

  #sendSnapshot({ to, term, snapshot }: Extract<RaftEffect, { kind: 'send-snapshot' }>): void {
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

  #answer(id: string, reply: Answered<Result>): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (!waiting) throw new Error(`${id} is answered twice, or was not asked`)
    waiting(reply)
  }
  #told(reply: Answered<Result>, wish: Wish): Reply {
    if (reply.kind === 'unknown') return reply
    if (reply.kind === 'refused') return { kind: 'refused', code: reply.refusal.code }
    const { revision, value, index } = this.content.machine
    if (index < reply.index) throw new Error(`${this.name} answered as of ${reply.index}, and has ${index}`)
    if (wish.kind === 'read') return { kind: 'done', result: { index, operation: '', ok: true, revision, value } }
    // What came with a snapshot came to something, which is not known here.
    return reply.result ? { kind: 'done', result: reply.result } : { kind: 'unknown' }
  }
}
