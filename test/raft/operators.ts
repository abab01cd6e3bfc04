/** Operators: they add, promote, demote and remove members and move the leadership, whatever else goes on. */
import { type Random, randomBetween } from '@lvsm/base'
import type { Change, Membership, NodeId } from '@lvsm/raft'
import { type Chaos, empty } from './chaos.ts'
import type { Host } from './host.ts'
import type { World } from './world.ts'

export interface Habits {
  readonly everyMs: readonly [number, number]
  /** Share of the transfers of leadership. */
  readonly transfers: number
}

export class Operators {
  readonly #world: World
  readonly #chaos: Chaos
  readonly #random: Random
  readonly #habits: Habits
  #count = 0
  #resting = false

  constructor(world: World, chaos: Chaos, random: Random, habits: Habits) {
    this.#world = world
    this.#chaos = chaos
    this.#random = random
    this.#habits = habits
    this.#next()
  }
  /** From here on they change nothing; nodes that joined are still told so. */
  rest(): void {
    this.#resting = true
  }

  #next(): void {
    this.#world.schedule.in(randomBetween(this.#random, ...this.#habits.everyMs), () => {
      this.#welcome()
      this.#discharge()
      if (!this.#resting) this.#act()
      this.#next()
    })
  }

  /** A node learns its id when its entry is committed. */
  #welcome(): void {
    const members = committedBy(this.#world.leader())?.members ?? []
    for (const host of this.#world.hosts) {
      const member = host.id === 0 ? members.find(({ store }) => store === host.store.identity) : undefined
      if (!member) continue
      host.id = member.id
      host.start()
    }
  }
  /** Who takes part no more may join anew, with an empty database. */
  #discharge(): void {
    if (this.#resting) return
    for (const host of this.#world.hosts) {
      if (!host.raft?.state.expelled || this.#random.next() < 0.5) continue
      host.stop()
      host.id = 0
      host.store = this.#world.newStore(empty())
    }
  }

  #act(): void {
    const leader = this.#world.leader()
    const membership = inForce(leader)
    if (!leader || !membership) return
    if (this.#random.next() < this.#habits.transfers) {
      const to = this.#one(membership.members.map(({ id }) => id))
      if (to !== undefined) leader.step({ kind: 'transfer', to })
      return
    }
    const change = this.#change(membership)
    if (!change) return
    // Whoever is asked passes it on.
    const asked = this.#one(this.#world.hosts.filter(({ raft }) => raft)) ?? leader
    asked.ask(`o.${++this.#count}`, { kind: 'change', change, payload: '' }, (reply) => {
      this.#world.note(`${JSON.stringify(change)}: ${reply.kind === 'refused' ? reply.code : reply.kind}`)
      this.#world.count(
        reply.kind === 'refused' ? `change refused: ${reply.code}` : `change ${reply.kind}: ${change.op}`,
      )
    })
  }

  #change({ members }: Membership): Change | null {
    const lost = members.find(({ id }) => this.#chaos.wiped.has(id))
    // Before that is done no other voter can be spared.
    if (lost) return { op: 'remove', node: lost.id }
    const spare = this.#one(this.#world.hosts.filter(({ id }) => id === 0))
    const learner = this.#one(members.filter(({ role }) => role === 'learner'))
    const voter = this.#one(members.filter(({ role }) => role === 'voter'))
    const dice = this.#random.next()
    if (spare && dice < 0.5) return { op: 'add', store: spare.store.identity }
    if (learner && dice < 0.8) return { op: 'promote', node: learner.id }
    if (!voter) return null
    return dice < 0.9 ? { op: 'remove', node: voter.id } : { op: 'demote', node: voter.id }
  }

  #one<T>(among: readonly T[]): T | undefined {
    return among[Math.floor(this.#random.next() * among.length)]
  }
}

export function inForce(host: Host | null): Membership | undefined {
  const { log } = host?.raft?.state ?? {}
  return log && (log.memberships.at(-1)?.membership ?? log.snapshot.membership)
}
function committedBy(host: Host | null): Membership | undefined {
  const { log, commitIndex = 0 } = host?.raft?.state ?? {}
  return log && (log.memberships.findLast(({ index }) => index <= commitIndex)?.membership ?? log.snapshot.membership)
}
export const memberIds = (host: Host | null): readonly NodeId[] => inForce(host)?.members.map(({ id }) => id) ?? []
