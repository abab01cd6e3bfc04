/**
 * What time it is for all coordinators. What is wanted for a while, tokens and sessions end by it, and changes are signed with it. A
 * time has come when the wall clocks of a majority of those that vote say so: one clock that is wrong ends nothing early.
 */
import { spanText, type Trouble } from '@lvsm/base'
import type { NodeId } from '@lvsm/raft'

export interface ClocksWorld {
  readonly id: NodeId
  /** Milliseconds. */
  wallClock(): number
  /** Milliseconds that only grow, while the machine sleeps too. */
  clock(): number
  /** Null: it is over. */
  trouble(about: string, trouble: Trouble | null): void
}

/** Clocks that differ by more are said. */
const MOST_SKEW_MS = 5000

export class Clocks {
  /** Those that count, by name. */
  voters: () => ReadonlyMap<NodeId, string> = () => new Map()
  readonly #world: ClocksWorld
  /** Of another: what it is ahead of `clock` here, as it told last. A machine that fell silent has shown what time it is all the same. */
  readonly #ahead = new Map<NodeId, number>()
  /** Of whom it is said that their clocks differ. */
  readonly #doubted = new Set<NodeId>()

  constructor(world: ClocksWorld) {
    this.#world = world
  }

  /** `wallMs`: what another coordinator's wall clock says now. */
  heard(from: NodeId, wallMs: number): void {
    this.#ahead.set(from, wallMs - this.#world.clock())
    const voters = this.voters()
    for (const id of this.#ahead.keys()) if (!voters.has(id)) this.#ahead.delete(id)
    this.#judge(voters)
  }

  /** Null: a majority of the clocks is not known here yet. */
  agreed(): number | null {
    const ids = [...this.voters().keys()]
    const told = ids.flatMap((id) => this.#of(id) ?? [])
    const latestFirst = told.toSorted((one, other) => other - one)
    return latestFirst[Math.floor(ids.length / 2)] ?? null
  }

  /** For what has to have some time. */
  now(): number {
    return this.agreed() ?? this.#world.wallClock()
  }

  #of(id: NodeId): number | null {
    const { id: own, wallClock, clock } = this.#world
    if (id === own) return wallClock()
    const ahead = this.#ahead.get(id)
    return ahead === undefined ? null : Math.floor(clock() + ahead)
  }

  #noted(id: NodeId, trouble: Trouble | null): void {
    if (trouble) this.#doubted.add(id)
    else if (!this.#doubted.delete(id)) return
    this.#world.trouble(`clock of ${id}`, trouble)
  }

  #judge(voters: ReadonlyMap<NodeId, string>): void {
    const agreed = this.agreed()
    for (const id of this.#doubted) if (!voters.has(id)) this.#noted(id, null)
    if (agreed === null) return
    for (const [id, name] of voters) {
      const skew = (this.#of(id) ?? agreed) - agreed
      this.#noted(id, Math.abs(skew) > MOST_SKEW_MS ? differs(name, skew) : null)
    }
  }
}

const differs = (name: string, skew: number): Trouble => ({
  code: 'clock-differs',
  object: `node ${name}`,
  severity: 'warning',
  message: `the clock of coordinator ${name} is ${spanText(Math.abs(skew))} ${skew > 0 ? 'ahead of' : 'behind'} those of a majority of the coordinators`,
  hint: `set the clocks of the coordinators by one source (timedatectl; chronyc sources); until then what is wanted for a while, tokens and sessions end when the clocks of a majority say so`,
})
