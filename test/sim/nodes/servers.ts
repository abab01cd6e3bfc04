/** Web servers of realservers: they accept, hang, or are dead; which connections they know, and what a check meets. */
import type { NodeEffect } from '../../../agent/node/core/index.ts'
import type { Schedule } from '../../kit/schedule.ts'
import { insideOf, outsideOf } from './draft.ts'

export type Health = 'alive' | 'hung' | 'dead'
export type Answer = 'ok' | 'dropped' | 'reset'
export type PacketKind = 'syn' | 'data' | 'fin'

/** A check has long since seen what has been so for so long, a recovery too. */
const SETTLED_MS = 10_000
const NEVER = Number.POSITIVE_INFINITY
const ANSWER_MS = 1

export class Server {
  readonly #schedule: Schedule
  readonly node: string
  health: Health = 'alive'
  /** True time. */
  #aliveSince = Number.NEGATIVE_INFINITY
  readonly #connections = new Set<string>()

  constructor(node: string, schedule: Schedule) {
    this.node = node
    this.#schedule = schedule
  }

  become(health: Health): void {
    if (health === this.health) return
    this.health = health
    if (health === 'dead') this.#connections.clear()
    this.#aliveSince = health === 'alive' ? this.#schedule.now : NEVER
  }
  /** It has served all the time for so long that everybody must know. */
  get lives(): boolean {
    return this.#aliveSince <= this.#schedule.now - SETTLED_MS
  }

  receive(client: string, kind: PacketKind): Answer {
    if (this.health === 'hung') return 'dropped'
    if (this.health === 'dead') return 'reset'
    if (kind === 'syn') this.#connections.add(client)
    const known = this.#connections.has(client)
    if (kind === 'fin') this.#connections.delete(client)
    return known ? 'ok' : 'reset'
  }
}

export class Servers {
  readonly #schedule: Schedule
  readonly #servers: readonly Server[]

  constructor(nodes: readonly string[], schedule: Schedule) {
    this.#schedule = schedule
    this.#servers = nodes.map((node) => new Server(node, schedule))
  }

  get all(): readonly Server[] {
    return this.#servers
  }
  of(node: string): Server {
    const server = this.#servers.find((one) => one.node === node)
    if (!server) throw new Error(`no server runs on ${node}`)
    return server
  }
  /** By its own address. */
  at(address: string): Server | undefined {
    return this.#servers.find(({ node }) => insideOf(node) === address || outsideOf(node) === address)
  }

  check(effect: Extract<NodeEffect, { kind: 'check' }>, done: (ok: boolean, reason: string) => void): void {
    const server = this.at(effect.address)
    if (!server || server.health === 'hung')
      return this.#schedule.in(effect.timeoutMs, () => done(false, `no answer within ${effect.timeoutMs} ms`))
    const ok = server.health === 'alive'
    this.#schedule.in(ANSWER_MS, () => done(ok, ok ? 'accepts connections' : 'connection refused'))
  }
}
