/** The lease's voters grow behind the coordinators that vote: whoever leads proposes the next set as soon as it may. */
import { type Instant } from '@lvsm/base'
import { epochOf, type State, votersOf } from '@lvsm/changes'
import type { Entry as Change, NodeProgress } from '@lvsm/protocol'
import {
  type Adopted,
  type Electorate,
  isSettled,
  nextVoter,
  UNSEEN,
  watch,
  type Watch,
} from './electorate/electorate.ts'

export interface ElectingWorld {
  known(): State | null
  leads(): boolean
  /** Names of the nodes of coordinators that vote. */
  coordinators(): readonly string[]
  reports(): ReadonlyMap<string, NodeProgress>
  write(change: Change): Promise<unknown>
  clock(): Instant
  /** Milliseconds. */
  wallClock(): number
}

const LOOK_MS = 1000
/** Voters that come by themselves. */
const WANTED = 3
const AUTHOR = 'lvsm'

export class Electing {
  readonly #world: ElectingWorld
  readonly #timer: NodeJS.Timeout
  #seen: Watch = UNSEEN
  #writing = false

  constructor(world: ElectingWorld) {
    this.#world = world
    this.#timer = setInterval(() => this.look(), LOOK_MS)
  }
  close(): void {
    clearInterval(this.#timer)
  }

  look(): void {
    const { known, leads, coordinators, reports, write, clock, wallClock } = this.#world
    const state = known()
    if (!leads() || !state) {
      // Another leader's wait is not this one's.
      this.#seen = UNSEEN
      return
    }
    const electorate = electorateOf(state)
    const adopted = adoptedOf(reports())
    this.#seen = watch(this.#seen, electorate, adopted, clock())
    if (this.#writing || !isSettled(this.#seen, electorate, clock())) return
    const add = nextVoter(electorate, inOrder(coordinators(), state), adopted, WANTED)
    if (add === null) return
    this.#writing = true
    const entry = {
      kind: 'voters',
      author: AUTHOR,
      at: wallClock(),
      epoch: electorate.epoch + 1,
      add,
      remove: null,
    } as const
    void write(entry).finally(() => {
      this.#writing = false
    })
  }
}

const electorateOf = ({ history: { document }, electorate: { before } }: State): Electorate => ({
  epoch: epochOf(document),
  voters: votersOf(document),
  before,
})
/** Of those that said which epoch they have. */
const adoptedOf = (reports: ReadonlyMap<string, NodeProgress>): Adopted =>
  new Map([...reports.values()].flatMap(({ name, epoch }) => (epoch === undefined ? [] : [[name, epoch] as const])))

/** Directors first: they are there for it. */
function inOrder(names: readonly string[], { config }: State): string[] {
  const directs = (name: string): boolean =>
    config.nodes.find((node) => node.name === name)?.roles.includes('director') ?? false
  return [...names.filter(directs), ...names.filter((name) => !directs(name))]
}
