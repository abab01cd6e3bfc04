/** Clients: each does one thing at a time, asks the coordinator that answered it last, or any, and gives up after a while. */
import { type Random, randomBetween } from '@lvsm/base'
import type { Wish } from '../../coordinator/core/events.ts'
import { commandOf } from './register.ts'
import type { Host, Reply } from './host.ts'
import type { Operation } from './linear.ts'
import type { World } from './world.ts'

const THINKS_MS = [5, 120] as const
const WAY_MS = [0.1, 2] as const
const PATIENCE_MS = 600
const LEADER = 0.7

export class Client {
  readonly #name: string
  readonly #world: World
  readonly #random: Random
  /** Share of what it does. */
  readonly #writes: number
  #count = 0
  #revision = 0
  /** Whom it asks next; null: anybody. */
  #next: Host | null = null

  constructor(name: string, world: World, random: Random, writes: number) {
    this.#name = name
    this.#world = world
    this.#random = random
    this.#writes = writes
    this.#think()
  }

  #think(): void {
    this.#world.schedule.in(randomBetween(this.#random, ...THINKS_MS), () => this.#act())
  }

  #act(): void {
    const { schedule, history, closed } = this.#world
    if (closed) return
    const kind = this.#random.next() < this.#writes ? 'write' : 'read'
    const id = `${this.#name}.${++this.#count}`
    const operation: Operation = {
      id,
      kind,
      invokedAt: schedule.now,
      returnedAt: Number.POSITIVE_INFINITY,
      outcome: null,
    }
    history.push(operation)
    let over = false
    const finish = (reply: Reply, from: Host | null): void => {
      if (over) return
      over = true
      this.#heard(operation, reply, from)
      this.#think()
    }
    schedule.in(PATIENCE_MS, () => finish({ kind: 'unknown' }, null))
    const host = this.#next ?? this.#anybody()
    this.#next = null
    if (!host) return
    const way = (): number => randomBetween(this.#random, ...WAY_MS)
    schedule.in(way(), () => {
      host.ask(operation.id, this.#wish(operation), (reply) => schedule.in(way(), () => finish(reply, host)))
    })
  }

  #wish({ id, kind }: Operation): Wish {
    if (kind === 'read') return { kind }
    const expected = this.#random.next() < 0.7 ? this.#revision : 0
    const padding = this.#random.next() < 0.1 ? Math.floor(this.#random.next() * 400) : 0
    return { kind: 'write', payload: commandOf(id, expected, padding) }
  }

  #heard(operation: Operation, reply: Reply, from: Host | null): void {
    const { schedule } = this.#world
    if (reply.kind === 'unknown') return
    operation.returnedAt = schedule.now
    if (reply.kind === 'refused') {
      operation.outcome = { kind: 'refused' }
      return
    }
    const { revision, value, ok } = reply.result
    operation.outcome = { kind: 'saw', revision, value, wrote: operation.kind === 'write' && ok }
    this.#revision = revision
    // It stays with who answered, whether that one leads or not.
    this.#next = this.#random.next() < 0.5 ? from : null
  }

  /** More often one that says that it leads: what it is told while it is cut off must be given up. */
  #anybody(): Host | null {
    const running = this.#world.hosts.filter(({ raft }) => raft)
    const leading = running.filter(({ raft }) => raft?.state.role === 'leader')
    const from = leading.length > 0 && this.#random.next() < LEADER ? leading : running
    return from[Math.floor(this.#random.next() * from.length)] ?? null
  }
}
