/**
 * Which revision the agent of each node uses, and which epoch its lease process acts on: as the agents said it, each to the coordinator
 * that it follows, and as the coordinators tell each other. Forgotten with the process; what a silent coordinator told is, after a while.
 */
import type { NodeProgress, Speaks } from '@lvsm/protocol'
import type { NodeId } from '@lvsm/raft'
import type { Nodes } from './ports.ts'

export interface ReportsWorld {
  readonly id: NodeId
  /** Of the agents that follow here. */
  own(): readonly NodeProgress[]
  readonly speaks: Speaks
  others(): readonly NodeId[]
  send(message: Nodes): void
  /** Milliseconds that only grow. */
  clock(): number
}

/** It is looked so often whether there is anything new to tell; the same is told again after so long, and counts for so long. */
const LOOK_MS = 250
const AGAIN_MS = 3000
const VALID_MS = 10_000

export class Reports {
  readonly #world: ReportsWorld
  readonly #told = new Map<
    NodeId,
    { readonly nodes: readonly NodeProgress[]; readonly at: number; readonly speaks: Speaks | null }
  >()
  readonly #timer: NodeJS.Timeout
  readonly #startedAt: number
  #last = ''
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(world: ReportsWorld) {
    this.#world = world
    this.#startedAt = world.clock()
    this.#timer = setInterval(() => this.tell(), LOOK_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  heard({ from, nodes, speaks }: Nodes): void {
    this.#told.set(from, { nodes, speaks: speaks ?? null, at: this.#world.clock() })
  }

  /** Milliseconds since another coordinator told anything, or since this one started. */
  silentMs(id: NodeId): number {
    return this.#world.clock() - (this.#told.get(id)?.at ?? this.#startedAt)
  }

  /** By name; of what several say of one node, the newest. */
  all(): ReadonlyMap<string, NodeProgress> {
    const { own } = this.#world
    const fresh = this.#fresh()
    const all = new Map<string, NodeProgress>()
    for (const report of [...fresh.flatMap(([, { nodes }]) => nodes), ...own()]) {
      const known = all.get(report.name)
      if (!known || report.revision >= known.revision) all.set(report.name, report)
    }
    return all
  }

  /** Which versions the coordinators speak, this one too; of whom nothing was heard lately there is nothing. */
  versions(): ReadonlyMap<NodeId, Speaks> {
    const { id, speaks } = this.#world
    const others = this.#fresh().flatMap(([other, told]) => (told.speaks ? [[other, told.speaks] as const] : []))
    return new Map([[id, speaks], ...others])
  }

  #fresh() {
    const { others, clock } = this.#world
    const present = new Set(others())
    return [...this.#told].filter(([id, { at }]) => present.has(id) && clock() - at < VALID_MS)
  }

  tell(): void {
    const { id: from, own, others, send, clock, speaks } = this.#world
    const nodes = own()
    const text = JSON.stringify([nodes, others()])
    if (text === this.#last && clock() - this.#lastAt < AGAIN_MS) return
    this.#last = text
    this.#lastAt = clock()
    for (const to of others()) send({ kind: 'nodes', from, to, nodes, speaks })
  }
}
