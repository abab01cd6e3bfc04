/**
 * Which revision the agent of each node uses, and which epoch its lease process acts on: as the agents said it, each to the coordinator
 * that it follows, and as the coordinators tell each other. Forgotten with the process; what a silent coordinator told is, after a while.
 */
import type { NodeProgress } from '@lvsm/protocol'
import type { NodeId } from '@lvsm/raft'
import type { Nodes } from './ports.ts'

export interface ReportsWorld {
  readonly id: NodeId
  /** Of the agents that follow here. */
  own(): readonly NodeProgress[]
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
  readonly #told = new Map<NodeId, { readonly nodes: readonly NodeProgress[]; readonly at: number }>()
  readonly #timer: NodeJS.Timeout
  #last = ''
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(world: ReportsWorld) {
    this.#world = world
    this.#timer = setInterval(() => this.tell(), LOOK_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  heard({ from, nodes }: Nodes): void {
    this.#told.set(from, { nodes, at: this.#world.clock() })
  }

  /** By name; of what several say of one node, the newest. */
  all(): ReadonlyMap<string, NodeProgress> {
    const { own, others, clock } = this.#world
    const present = new Set(others())
    const fresh = [...this.#told].filter(([id, { at }]) => present.has(id) && clock() - at < VALID_MS)
    const all = new Map<string, NodeProgress>()
    for (const report of [...fresh.flatMap(([, { nodes }]) => nodes), ...own()]) {
      const known = all.get(report.name)
      if (!known || report.revision >= known.revision) all.set(report.name, report)
    }
    return all
  }

  tell(): void {
    const { id: from, own, others, send, clock } = this.#world
    const nodes = own()
    const text = JSON.stringify([nodes, others()])
    if (text === this.#last && clock() - this.#lastAt < AGAIN_MS) return
    this.#last = text
    this.#lastAt = clock()
    for (const to of others()) send({ kind: 'nodes', from, to, nodes })
  }
}
