/** A whole simulated cluster, and the question whether it has settled. */
import { DRIFT, type Random, randomBetween, seededRandom } from '@lvsm/base'
import { type LeaseGroup, RULES } from '@lvsm/lease'
import type { Envelope } from '../../agent/lease/core/events.ts'
import { Clock } from '../kit/clock.ts'
import { Network } from '../kit/network.ts'
import { Schedule } from '../kit/schedule.ts'
import { Law } from './law.ts'
import { Machine, type Planted, type World } from './machine.ts'
import { addressesOf, type Shape } from './shape.ts'

export const HONEST: Planted = {
  rules: RULES,
  kernelRevives: false,
  cachesNow: false,
  sweepsNothing: false,
  clearsUnseen: false,
}
/** The reconciler repeats its word so often; the lease process believes it for 3 s. */
const READY_EVERY_MS = 1000

export class Cluster implements World {
  readonly shape: Shape
  readonly schedule = new Schedule()
  readonly random: Random
  readonly law: Law
  readonly planted: Planted
  readonly network: Network<Envelope>
  readonly machines: Machine[]
  readonly history: string[] = []
  /** Probability of a hold-up at each point of a process, and how long at most. */
  stalls = { probability: 0, longestMs: 0 }

  constructor(seed: number, shape: Shape, planted: Planted) {
    this.shape = shape
    this.random = seededRandom(seed)
    this.planted = planted
    this.law = new Law(addressesOf(shape), shape.timing)
    this.network = new Network(this.schedule, seededRandom(this.random.next() * 2 ** 32), (to, envelope) => {
      this.machine(to)?.process?.put({ kind: 'datagram', envelope })
    })
    this.machines = this.#clocks().map((clock, index) => new Machine(shape.nodes[index] ?? '', clock, this))
    this.#keepReady()
  }

  machine(name: string): Machine | undefined {
    return this.machines.find((machine) => machine.name === name)
  }

  /** Half of all clocks run at the very bound of the drift; in some lives one node's against all others'. */
  #clocks(): Clock[] {
    const odd = this.random.next() < 0.25 ? Math.floor(this.random.next() * 2) : -1
    return this.shape.nodes.map((_, index) => {
      const choice = this.random.next()
      const drift = choice < 0.25 ? -DRIFT : choice < 0.5 ? DRIFT : randomBetween(this.random, -DRIFT, DRIFT)
      const drawn = 1 + (odd < 0 ? drift : index === odd ? -DRIFT : DRIFT)
      return new Clock(randomBetween(this.random, 0, 1_000_000), this.shape.rates?.[index] ?? drawn)
    })
  }

  #keepReady(): void {
    this.schedule.in(READY_EVERY_MS, () => {
      for (const machine of this.machines) machine.sayReady()
      this.#keepReady()
    })
  }

  send(from: string, to: string, envelope: Envelope): void {
    this.network.send(from, to, envelope)
  }
  stall(): number {
    const { probability, longestMs } = this.stalls
    return probability > 0 && this.random.next() < probability ? this.random.next() * longestMs : 0
  }
  readonly note = (line: string): void => {
    this.history.push(`${this.schedule.now.toFixed(1).padStart(9)}  ${line}`)
  }

  /** The newest configuration; it reaches the nodes one by one. */
  revision = 0
  get groups(): readonly LeaseGroup[] {
    return this.shape.revisions[this.revision] ?? []
  }

  run(ms: number): void {
    this.schedule.runUntil(this.schedule.now + ms)
  }

  /** The node that answers for a group, all of its addresses; null when none or only a part. */
  ownerOf(group: LeaseGroup): string | null {
    const { now } = this.schedule
    const owners = this.machines.filter(({ kernel }) =>
      group.addresses.every(
        ({ address }) => kernel.answersUntil(address, 'announce') > now && kernel.answersUntil(address, 'serve') > now,
      ),
    )
    return owners.length === 1 ? (owners[0]?.name ?? null) : null
  }

  /** What keeps a group from being settled: one owner, known to all; null when it is settled. */
  unsettled(group: LeaseGroup): string | null {
    const owner = this.ownerOf(group)
    if (!owner) return `nobody answers for ${group.name}`
    for (const { name, clock, process } of this.machines) {
      const status = process?.core.status(clock.read(this.schedule.now)).groups.find((one) => one.name === group.name)
      if (status?.owner !== owner)
        return `${name} takes ${status?.owner ?? 'nobody'} for the owner of ${group.name}, it is ${owner}`
    }
    return null
  }
}
