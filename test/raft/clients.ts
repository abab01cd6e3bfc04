/** Clients: each does one thing at a time, asks whom it believes to lead, and gives up after a while. */
import { type Random, randomBetween } from '@lvsm/base'
import { commandOf } from './register.ts'
import type { Host, Reply } from './host.ts'
import type { Operation } from './linear.ts'
import type { World } from './world.ts'

const THINKS_MS = [5, 120] as const
const WAY_MS = [0.1, 2] as const
const PATIENCE_MS = 600

export class Client {
  readonly #name: string
  readonly #world: World
  readonly #random: Random
  /** Share of what it does. */
  readonly #writes: number
  #count = 0
  #revision = 0
  /** Whom it asks next; null: anybody. */
  #leader: Host | null = null

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
    const host = this.#leader ?? this.#anybody()
    this.#leader = null
    if (!host) return
    const way = (): number => randomBetween(this.#random, ...WAY_MS)
    schedule.in(way(), () => {
      const input = this.#input(operation)
      host.ask(input, (reply) => schedule.in(way(), () => finish(reply, host)))
    })
  }

  #input({ id, kind }: Operation): { kind: 'read'; id: string } | { kind: 'propose'; id: string; payload: string } {
    if (kind === 'read') return { kind, id }
    const expected = this.#random.next() < 0.7 ? this.#revision : 0
    const padding = this.#random.next() < 0.1 ? Math.floor(this.#random.next() * 400) : 0
    return { kind: 'propose', id, payload: commandOf(id, expected, padding) }
  }

  #heard(operation: Operation, reply: Reply, from: Host | null): void {
    const { schedule, hostOf } = this.#world
    if (reply.kind === 'unknown') return
    operation.returnedAt = schedule.now
    if (reply.kind === 'refused') {
      operation.outcome = { kind: 'refused' }
      this.#leader = reply.leader === null ? null : (hostOf(reply.leader) ?? null)
      return
    }
    const { revision, value, ok } = reply.result
    operation.outcome = { kind: 'saw', revision, value, wrote: operation.kind === 'write' && ok }
    this.#revision = revision
    // It stays with who answered, though somebody else may lead by now.
    this.#leader = this.#random.next() < 0.8 ? from : null
  }

  #anybody(): Host | null {
    const running = this.#world.hosts.filter(({ raft }) => raft)
    return running[Math.floor(this.#random.next() * running.length)] ?? null
  }
}
