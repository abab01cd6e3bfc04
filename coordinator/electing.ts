/** The lease's voters grow behind the coordinators that vote: whoever leads proposes the next set as soon as it may. */
import { type Instant, type Refusal } from '@lvsm/base'
import { epochOf, type State, votersOf } from '@lvsm/changes'
import type { Entry as Change, NodeProgress } from '@lvsm/protocol'
import {
  type Adopted,
  type Electorate,
  isSettled,
  nextVoter,
  settlesAt,
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
    const { coordinators, reports, write, clock, wallClock } = this.#world
    const state = this.#watched()
    if (!state || this.#writing) return
    const electorate = electorateOf(state)
    if (!isSettled(this.#seen, electorate, clock())) return
    const add = nextVoter(electorate, inOrder(coordinators(), state), adoptedOf(reports()), WANTED)
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

  /**
   * Why whoever leads must not propose these voters now, whoever wants them. Only the epoch after the present one passes: of several
   * that are under way at once one counts.
   */
  refuse(epoch: number): Refusal | null {
    const state = this.#watched()
    if (!state) return NOT_WATCHED
    const electorate = electorateOf(state)
    if (epoch === electorate.epoch + 1) return this.#refuse(electorate)
    return unsettled(`epoch ${electorate.epoch} is in use, and ${epoch} is not the next`, 'look, and try again')
  }
  #refuse(electorate: Electorate): Refusal | null {
    const now = this.#world.clock()
    if (isSettled(this.#seen, electorate, now)) return null
    const { epoch, before } = electorate
    const at = settlesAt(this.#seen, electorate)
    return at === null
      ? unsettled(
          `no majority of ${before.join(', ')}, the voters before, acts on epoch ${epoch} yet`,
          'see that lvsm-agent and lvsm-lease run there and reach a coordinator (lvsm status), and try again',
        )
      : unsettled(
          `leases that the voters before lent may live for ${Math.ceil((at - now) / 1000)} s yet`,
          'try again after that',
        )
  }

  /** Null: this one does not lead. */
  #watched(): State | null {
    const { known, leads, reports, clock } = this.#world
    const state = leads() ? known() : null
    // Another leader's wait is not this one's.
    this.#seen = state ? watch(this.#seen, electorateOf(state), adoptedOf(reports()), clock()) : UNSEEN
    return state
  }
}

const unsettled = (why: string, hint: string): Refusal => ({
  code: 'voters-unsettled',
  field: 'voters',
  message: `one voter at a time: ${why}`,
  hint,
})

/** Also before there is one that could refuse. */
export const NOT_WATCHED = unsettled(
  'this coordinator does not lead, or does not know the present voters yet',
  'try again',
)

const electorateOf = ({ history: { document }, electorate: { before } }: State): Electorate => ({
  epoch: epochOf(document),
  voters: votersOf(document),
  before,
})
/** Of those that said which epoch they have. */
const adoptedOf = (reports: ReadonlyMap<string, NodeProgress>): Adopted =>
  new Map([...reports.values()].flatMap(({ name, epoch }) => (epoch === undefined ? [] : [[name, epoch] as const])))

/** Directors first: they are there for it. Of whom people said that it does not vote, it does not. */
function inOrder(names: readonly string[], { history: { document } }: State): string[] {
  const { nodes } = document
  const directs = (name: string): boolean => nodes[name]?.roles.includes('director') ?? false
  const free = names.filter((name) => Object.hasOwn(nodes, name) && nodes[name]?.voter !== false)
  return [...free.filter(directs), ...free.filter((name) => !directs(name))]
}
