/**
 * The nodes' heartbeat keys: what an agent offers gets into the log, and whoever leads goes on to the next step when every node that
 * has keys said that its lease process accepts those of now.
 */
import { between, type Instant, type Trouble } from '@lvsm/base'
import { addHalf, awaitedRing, type State, stepRing } from '@lvsm/changes'
import type { Entry as Change, FollowerMessage, NodeProgress } from '@lvsm/protocol'

export interface KeyingWorld {
  known(): State | null
  leads(): boolean
  reports(): ReadonlyMap<string, NodeProgress>
  write(change: Change): Promise<unknown>
  /** Null: it is over. */
  trouble(trouble: Trouble | null): void
  clock(): Instant
  /** Milliseconds. */
  wallClock(): number
}

const LOOK_MS = 1000
/** A node in the wrong hands fills no log with keys. */
const BETWEEN_OFFERS_MS = 10_000
/** A step takes seconds; one that waits for longer waits for somebody who is not there. */
const LONG_MS = 60_000

export class Keying {
  readonly #world: KeyingWorld
  readonly #timer: NodeJS.Timeout
  readonly #offeredAt = new Map<string, Instant>()
  #writing = false
  /** The ring that the next step waits for, and since when. */
  #awaited: { readonly ring: number; readonly since: Instant } | null = null

  constructor(world: KeyingWorld) {
    this.#world = world
    this.#timer = setInterval(() => this.look(), LOOK_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  /** The agent of that node has it; it says so again until it hears it from the coordinators. */
  offered(node: string, { public: half, lost }: Extract<FollowerMessage, { kind: 'key' }>): void {
    const { known, write, clock, wallClock } = this.#world
    const state = known()
    const added = state && addHalf(state.enrolled, node, half, lost)
    if (!added?.enrolled || added.enrolled === state?.enrolled) return
    const last = this.#offeredAt.get(node)
    if (last !== undefined && between(last, clock()) < BETWEEN_OFFERS_MS) return
    this.#offeredAt.set(node, clock())
    void write({ kind: 'heartbeat-key', at: wallClock(), name: node, public: half, lost })
  }

  look(): void {
    const { known, leads, reports, write, wallClock } = this.#world
    const state = leads() ? known() : null
    this.#watch(state, reports())
    if (!state || this.#writing) return
    const ring = usedByAll(state, reports())
    if (stepRing(state.enrolled, ring) === state.enrolled) return
    this.#writing = true
    void write({ kind: 'heartbeat-step', at: wallClock(), ring }).finally(() => {
      this.#writing = false
    })
  }

  /** `state` null: another coordinator's to watch. */
  #watch(state: State | null, reports: ReadonlyMap<string, NodeProgress>): void {
    const { clock, trouble } = this.#world
    const ring = state && awaitedRing(state.enrolled)
    const before = this.#awaited
    if (ring === null) this.#awaited = null
    else if (before?.ring !== ring) this.#awaited = { ring, since: clock() }
    const awaited = this.#awaited
    if (!state || !awaited || between(awaited.since, clock()) < LONG_MS) return trouble(null)
    const behind = keyed(state).filter((name) => (reports.get(name)?.ring ?? 0) < awaited.ring)
    trouble(behind.length > 0 ? waiting(behind) : null)
  }
}

const waiting = (names: readonly string[]): Trouble => ({
  code: 'heartbeat-keys-wait',
  object: 'heartbeat keys',
  severity: 'warning',
  message: `heartbeat keys change when every node has the new ones; not yet: ${names.join(', ')}`,
  hint: 'start lvsm-lease and lvsm-agent there; a node that does not come back: lvsm node remove NAME',
})

/** The oldest ring that a node which has keys uses; 0 where one has not said. */
function usedByAll(state: State, reports: ReadonlyMap<string, NodeProgress>): number {
  return Math.min(...keyed(state).map((name) => reports.get(name)?.ring ?? 0), Number.MAX_SAFE_INTEGER)
}
/** Names of those that have keys. */
const keyed = ({ enrolled }: State): string[] =>
  enrolled.nodes.flatMap(({ name, heartbeat }) => (heartbeat ? [name] : []))
