/**
 * What the kernels' synchronisation daemons do: a master has room for one connection, which leaves within 20 ms when the next one
 * comes, and else when it is two seconds old, looked at each second (as measured in the lab, test/lab/README.md). A message reaches
 * every director whose backup daemon hears that id, over the first link, as datagrams do. A connection whose destination is not in
 * the table there is not taken.
 */
import { type Random, randomBetween } from '@lvsm/base'
import type { SyncDaemon } from '@lvsm/plan'
import type { Fleet } from './fleet.ts'
import type { Node } from './node.ts'

/** Milliseconds. */
const PUSHED_MS = 20
const FLUSHED_MS = [2000, 3000] as const
const REFRESH_MS = 10_000

export interface Told {
  readonly service: string
  readonly client: string
  readonly dest: string
  readonly active: boolean
  readonly until: number
}

export class Synchronisation {
  readonly #fleet: Fleet
  readonly #random: Random
  /** The last connection of each master. */
  readonly #waiting = new Map<Node, Told>()
  /** By node and connection: when it was told of last. */
  readonly #toldAt = new Map<string, number>()
  /** Nodes that were told of a connection that is established, by the connection. */
  readonly #known = new Map<string, Set<Node>>()
  /** Packets of connections that had begun at another director. */
  survived = 0

  constructor(fleet: Fleet, random: Random) {
    this.#fleet = fleet
    this.#random = random
  }

  /** A packet of a client passed here; `changed`: it established or ended the connection. */
  passed(node: Node, told: Told, changed: boolean): void {
    if (!node.plane.syncDaemons.some(({ state }) => state === 'master')) return
    const { now } = this.#fleet.cluster.schedule
    const key = `${node.name} ${told.service} ${told.client}`
    if (!changed && now - (this.#toldAt.get(key) ?? Number.NEGATIVE_INFINITY) < REFRESH_MS) return
    this.#toldAt.set(key, now)
    this.#push(node, PUSHED_MS)
    this.#waiting.set(node, told)
    this.#fleet.cluster.schedule.in(randomBetween(this.#random, ...FLUSHED_MS), () => {
      if (this.#waiting.get(node) === told) this.#push(node, 0)
    })
  }
  #push(node: Node, ms: number): void {
    const told = this.#waiting.get(node)
    const master = node.plane.syncDaemons.find(({ state }) => state === 'master')
    this.#waiting.delete(node)
    if (told && master) this.#fleet.cluster.schedule.in(ms, () => this.#send(node, master, told))
  }
  #send(from: Node, master: SyncDaemon, told: Told): void {
    for (const to of this.#fleet.nodes) {
      const way = { from: from.machine.label, to: to.machine.label, link: 0 }
      if (to === from || !this.#fleet.cluster.network.passes(way) || !hears(to, master)) continue
      this.#take(to, told)
    }
  }
  #take(node: Node, { service: key, client, dest, active, until }: Told): void {
    const service = node.plane.services.get(key)
    if (!service?.dests.has(dest)) return
    service.connections.set(client, { dest, active, until })
    const id = `${key} ${client}`
    const nodes = this.#known.get(id) ?? new Set<Node>()
    if (active) nodes.add(node)
    else nodes.delete(node)
    this.#known.set(id, nodes)
  }

  /** A packet that this node passes on, of a connection that it was told of and did not see begin. */
  outlived(node: Node, service: string, client: string): void {
    if (this.knew(node, service, client)) this.survived += 1
  }

  /** It was told of this connection, and has not lost power since. */
  knew(node: Node, service: string, client: string): boolean {
    return this.#known.get(`${service} ${client}`)?.has(node) === true
  }
  /** The connection has ended, or its client forgot it. */
  ended(service: string, client: string): void {
    this.#known.delete(`${service} ${client}`)
  }
  lostPower(node: Node): void {
    this.#waiting.delete(node)
    for (const nodes of this.#known.values()) nodes.delete(node)
  }
}

const hears = ({ plane, machine }: Node, { syncId, group, port }: SyncDaemon): boolean =>
  machine.process !== null &&
  plane.syncDaemons.some(
    (one) => one.state === 'backup' && one.syncId === syncId && one.group === group && one.port === port,
  )
