/** A cluster whose nodes follow coordinators, as a plot needs it. */
import { randomBetween } from '@lvsm/base'
import type { Cluster } from '../cluster.ts'
import type { Machine } from '../machine.ts'
import { Committee } from './committee.ts'
import { Follower } from './follower.ts'

const LOOK_MS = 50

export class Board {
  readonly cluster: Cluster
  readonly committee: Committee
  readonly followers: readonly Follower[]
  #wishes: (readonly string[])[] = []
  #isStopped = false

  constructor(cluster: Cluster) {
    this.cluster = cluster
    this.committee = new Committee(cluster)
    this.followers = cluster.machines.map((machine) => new Follower(machine, this.committee, cluster))
    this.#press()
  }

  /** Sets of voters, one after the other: on the way to each, one voter at a time. */
  wish(...wishes: readonly (readonly string[])[]): void {
    this.#wishes = [...wishes]
  }
  get isDone(): boolean {
    return this.#wishes.length === 0
  }
  /** As soon as the rule allows the next step it is committed, or a while later. */
  #press(): void {
    this.cluster.schedule.in(randomBetween(this.cluster.random, 1, LOOK_MS), () => {
      if (this.#isStopped) return
      const [wish] = this.#wishes
      if (wish && isSame(wish, this.committee.newest.voters)) this.#wishes.shift()
      else if (wish) this.committee.towards(wish)
      this.#press()
    })
  }
  stop(): void {
    this.#isStopped = true
  }

  follower(machine: Machine): Follower {
    const found = this.followers.find((one) => one.machine === machine)
    if (!found) throw new Error(`${machine.label} follows nobody`)
    return found
  }
  readonly at = (name: string): Machine => {
    const machine = this.cluster.machine(name)
    if (!machine) throw new Error(`no ${name}`)
    return machine
  }
  heal(): void {
    for (const follower of this.followers) Object.assign(follower, { isCutOff: false, isCareless: false })
  }

  /** Whoever runs acts on the newest epoch. */
  get isSettled(): boolean {
    const { epoch } = this.committee.newest
    return this.cluster.machines.every(({ process }) => process === null || process.core.view()?.epoch === epoch)
  }
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((name) => other.includes(name))
