/** A whole simulated cluster, and the question whether it has settled. */
import { type LeaseEvent, type LeaseGroup, type Outgoing } from '@lvsm/protocol'
import { DRIFT, type Random, randomBetween, seededRandom } from '@lvsm/base'
import { linksFor } from '@lvsm/heartbeat'
import type { Envelope } from '../../agent/lease/core/events.ts'
import type { Addressee } from '../../agent/lease/ports.ts'
import { Clock } from '../kit/clock.ts'
import { Network, type Way } from '../kit/network.ts'
import { Schedule } from '../kit/schedule.ts'
import { plain } from '../kit/tables.ts'
import { Afflictions } from './afflictions.ts'
import { Law } from './law.ts'
import { Machine, type World } from './machine.ts'
import type { Plant } from './plant.ts'
import { addressesOf, gatewaysOf, type Revision, type Shape } from './shape.ts'

/** The reconciler repeats its word so often; the lease process believes it for 5 s. */
const READY_EVERY_MS = 2000
/** Nodes that watch an interface see a gratuitous frame so much later. */
const FRAME_MS = 0.2
/** What the owner's adapter says of a stranger's frame at most so often. */
const DEAF_MS = 500
/** Of a hundred inputs so many are followed by a look for what the core overlooked. */
const PROBES = 2 / 100

export class Cluster implements World {
  readonly seed: number
  readonly shape: Shape
  readonly schedule = new Schedule()
  readonly random: Random
  readonly law: Law
  readonly plant: Plant
  readonly network: Network<Envelope>
  readonly machines: Machine[]
  readonly afflictions = new Afflictions(this.schedule)
  readonly history: string[] = []
  readonly events: { readonly at: number; readonly node: string; readonly event: LeaseEvent }[] = []
  /** Whom clients and realservers send to, by address: who announced it last. */
  readonly caches = new Map<string, Machine>()
  /** Probability of a hold-up at each point of a process, and how long at most; and of a flush within it. */
  stalls = { probability: 0, longestMs: 0, flush: 0 }
  readonly #deafUntil = new Map<Machine, number>()
  readonly #probing: Random
  readonly #neighbours = new Map<string, Machine>()

  constructor(seed: number, shape: Shape, plant: Plant) {
    this.seed = seed
    this.shape = shape
    this.random = seededRandom(seed)
    this.plant = plant
    this.#probing = seededRandom(seed ^ 0x9e3)
    const { revisions } = shape
    this.law = new Law(this.schedule, {
      addresses: addressesOf(shape),
      gateways: gatewaysOf(shape),
      drainMs: Math.max(...revisions.map(({ timing }) => timing.drainMs)),
      leaseMs: Math.max(...revisions.map(({ timing }) => timing.leaseMs)),
    })
    this.network = new Network(this.schedule, seededRandom(this.random.next() * 2 ** 32), (way, envelope) =>
      this.#arrives(way, envelope),
    )
    this.machines = this.#clocks().map((clock, index) => {
      const name = shape.nodes[index] ?? ''
      return new Machine(name, name, clock, this)
    })
    this.#keepReady()
  }

  /** A datagram counts only from where the node is that it names (agent/lease/adapters/network/sources.ts). */
  #arrives({ from, to }: Way, envelope: Envelope): void {
    if (this.machine(from)?.name === envelope.from) this.machine(to)?.process?.receive(envelope)
  }

  machine(label: string): Machine | undefined {
    return this.machines.find((machine) => machine.label === label)
  }
  /** A second machine with the name and the addresses of one that is there. */
  clone(name: string): Machine {
    const machine = new Machine(`${name}'`, name, new Clock(randomBetween(this.random, 0, 1_000_000), 1), this)
    this.machines.push(machine)
    return machine
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

  send({ label, name }: Machine, outgoing: Outgoing, recipients: readonly Addressee[]): void {
    const links = Array.from({ length: this.shape.links }, (_, link) => link)
    const { incarnation, sequence, spread, message, piggybacked } = outgoing
    for (const { node, incarnation: to, route } of recipients) {
      const neighbour = this.#neighbour(label, node)
      if (!neighbour) continue
      for (const link of linksFor(links, route)) {
        const envelope: Envelope = { from: name, incarnation, sequence, to, link, spread, message, piggybacked }
        this.network.send({ from: label, to: neighbour.label, link }, envelope)
      }
    }
  }
  /** Of two machines with one name and one address, the switch brings a sender's frames now to the one, now to the other. */
  #neighbour(from: string, name: string): Machine | undefined {
    const known = this.#neighbours.get(`${from}>${name}`)
    const bearers = this.machines.filter((machine) => machine.name === name && machine.label !== from)
    if (bearers.length < 2) return bearers[0]
    const found = known && this.random.next() < 0.95 ? known : this.pick(bearers)
    this.#neighbours.set(`${from}>${name}`, found)
    return found
  }

  stall(): number {
    const { probability, longestMs } = this.stalls
    return probability > 0 && this.random.next() < probability ? this.random.next() * longestMs : 0
  }
  flushes(): number {
    return this.stalls.flush
  }
  probes(): boolean {
    return this.#probing.next() < PROBES
  }
  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random.next() * list.length)] as T
  }

  frame(from: Machine, address: string, group: string): void {
    this.law.frame(from.label, address, group)
    this.caches.set(plain(address), from)
    for (const machine of this.machines) {
      if (machine === from || this.schedule.now < (this.#deafUntil.get(machine) ?? 0)) continue
      this.#deafUntil.set(machine, this.schedule.now + DEAF_MS)
      this.schedule.in(FRAME_MS, () => machine.put({ kind: 'conflict', group, mac: `the MAC of ${from.label}` }))
    }
  }
  belated(from: Machine, address: string, group: string): void {
    this.law.belated(from.label, address, group)
  }
  told({ label }: Machine, event: LeaseEvent): void {
    const { kind, group, number, reason } = event
    this.note(`${label} ${kind}${group ? ` ${group}` : ''}: ${reason}`)
    this.events.push({ at: this.schedule.now, node: label, event })
    if (kind === 'took') this.law.took(label, group, number)
    if (kind === 'offered') this.law.offered(label, group)
    if (kind === 'released') this.law.released(label, group)
  }
  readonly note = (line: string): void => {
    this.history.push(`${this.schedule.now.toFixed(1).padStart(9)}  ${line}`)
  }

  /** The newest configuration; it reaches the nodes one by one. */
  revision = 0
  get present(): Revision {
    return this.shape.revisions[this.revision] ?? this.shape.revisions[0]
  }
  get groups(): readonly LeaseGroup[] {
    return this.present.groups
  }

  run(ms: number): void {
    this.schedule.runUntil(this.schedule.now + ms)
  }
  /** Runs until the condition holds, looking each `stepMs`; false when it did not within `ms`. */
  runUntil(holds: () => boolean, ms: number, stepMs: number): boolean {
    const end = this.schedule.now + ms
    while (!holds()) {
      if (this.schedule.now >= end) return false
      this.run(Math.min(stepMs, end - this.schedule.now))
    }
    return true
  }

  /** The machine that answers for a group, all of its addresses; undefined when none or only a part. */
  ownerOf(group: LeaseGroup): Machine | undefined {
    const { now } = this.schedule
    const owners = this.machines.filter(({ kernel: { now: tables } }) =>
      group.addresses.every(
        ({ address }) => tables.answersUntil(address, 'announce') > now && tables.answersUntil(address, 'serve') > now,
      ),
    )
    return owners.length === 1 ? owners[0] : undefined
  }

  /** Who answers for a group, and is known to its clients. */
  reachedOf(group: LeaseGroup): Machine | undefined {
    const owner = this.ownerOf(group)
    return group.addresses.every(({ address }) => this.caches.get(plain(address)) === owner) ? owner : undefined
  }

  /** For how long some voter is still silent after its start. */
  quarantineMs(): number {
    return Math.max(
      0,
      ...this.machines.map(({ process, clock }) => {
        const status = process?.core.status(clock.read(this.schedule.now))
        return (status?.quarantineMs ?? 0) * (1 + 2 * DRIFT)
      }),
    )
  }

  /** What keeps the cluster from being settled: one owner of each group, known to all; null when it is settled. */
  unsettled(): string | null {
    for (const group of this.groups) {
      const why = this.#unsettled(group)
      if (why) return why
    }
    return null
  }
  #unsettled(group: LeaseGroup): string | null {
    const owner = this.ownerOf(group)
    if (!owner) return `nobody answers for ${group.name}`
    for (const { label, clock, process } of this.machines) {
      const status = process?.core.status(clock.read(this.schedule.now)).groups.find(({ name }) => name === group.name)
      if (status?.owner !== owner.name)
        return `${label} takes ${status?.owner ?? 'nobody'} for the owner of ${group.name}, it is ${owner.name}`
    }
    return null
  }
}
