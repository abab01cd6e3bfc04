/** One node of a simulated cluster: a clock, a kernel, a disk, and at most one lease process at a time. */
import { type DurableState, type LeaseView, type Outgoing } from '@lvsm/protocol'
import { type Random, randomBetween, seededRandom } from '@lvsm/base'
import { LOST_STATE, NEW_STATE, RULES } from '@lvsm/lease'
import type { LocalLease } from '../../agent/lease/core/core.ts'
import type { LeaseEffect, LeaseInput } from '../../agent/lease/core/events.ts'
import type { Addressee } from '../../agent/lease/ports.ts'
import type { Clock } from '../kit/clock.ts'
import { Disk } from '../kit/disk.ts'
import { FakeKernel } from '../kit/kernel.ts'
import { Process } from '../kit/process.ts'
import type { Schedule } from '../kit/schedule.ts'
import type { Law } from './law.ts'
import type { Plant } from './plant.ts'
import { type Shape, viewOf } from './shape.ts'

export interface World {
  readonly shape: Shape
  readonly schedule: Schedule
  readonly random: Random
  readonly law: Law
  readonly plant: Plant
  send(from: Machine, outgoing: Outgoing, recipients: readonly Addressee[]): void
  /** Milliseconds of a hold-up at one point of a process; nearly always 0. */
  stall(): number
  /** Whether to look now for what a core overlooked. */
  probes(): boolean
  /** Probability that somebody flushes the tables within a long hold-up. */
  flushes(): number
  frame(from: Machine, address: string, group: string): void
  belated(from: Machine, address: string, group: string): void
  told(from: Machine, event: Extract<LeaseEffect, { kind: 'event' }>['event']): void
  note(line: string): void
}

/** What stands in for the agent of a node: who tells the lease process its view and its readiness, and hears its word. */
export interface Reconciler {
  /** A lease process has started on this machine. */
  joined(process: Process): void
  left(): void
  /** The configuration file reaches this node. */
  adopt(revision: number): void
  heard(word: LeaseWord): void
  /** The lease process acts on another view. */
  acts?(view: LeaseView): void
  lostPower(): void
}
/** What a lease process says by its socket; the status follows by itself. */
export type LeaseWord = Extract<LeaseEffect, { kind: 'event' | 'deliver' | 'claimed' }>

/** The view that a process finds on disk when it starts: the present one, an outdated one, or none. */
export type Memory = 'sound' | 'old' | 'none'
/** Milliseconds until a notice of the kernel is with the process. */
const NOTICE_MS = [0.05, 3] as const
/** A supervisor starts a process that failed again after so long. */
const RESTART_MS = [100, 500] as const
const LONG_MS = 20
/** Ping nodes of a group. */
export const PING_NODES = 2

export class Machine {
  /** Tells two machines of one name apart. */
  readonly label: string
  readonly name: string
  readonly clock: Clock
  readonly kernel: FakeKernel
  readonly disk: Disk
  readonly #world: World
  #starts = 0
  #flushes = 0
  process: Process | null = null
  /** Null: the machine says itself what an agent would. */
  reconciler: Reconciler | null = null
  ready = true
  interfaceDown = false
  reaches = PING_NODES
  revision = 0

  constructor(label: string, name: string, clock: Clock, world: World) {
    this.label = label
    this.name = name
    this.clock = clock
    this.#world = world
    const { schedule, random, law, plant, shape } = world
    const drawn = (): Random => seededRandom(random.next() * 2 ** 32)
    const events = {
      changed: (addresses: readonly string[] | null) => law.changed(label, addresses),
      flushed: () => this.#onFlush(),
      addressGone: () => this.#notice(() => this.process?.addressNotice()),
    }
    this.kernel = new FakeKernel(schedule, clock, drawn(), events, {
      egress: shape.egress,
      mistakes: plant.tables ?? {},
    })
    this.disk = new Disk(schedule, drawn(), NEW_STATE)
    law.watch(label, this.kernel)
  }

  start(memory = this.#memory()): void {
    if (this.process) return
    this.process = this.#born()
    this.#world.note(`${this.label} starts${this.disk.state ? '' : ' without its state'}`)
    if (this.reconciler) return this.reconciler.joined(this.process)
    this.#remember(memory)
    this.sayReady()
  }

  #born(): Process {
    const { shape, schedule, random, plant } = this.#world
    const incarnation = `${this.label}.${++this.#starts}`
    const { timing } = shape.revisions[this.revision] ?? shape.revisions[0]
    const birth = { node: this.name, incarnation, leaseMs: timing.leaseMs }
    const implant = plant.implant?.(birth)
    const found: DurableState | null = plant.state ? plant.state(this.disk.state, birth) : this.disk.state
    const process: Process = new Process(
      {
        node: this.name,
        incarnation,
        random: implant?.random ?? seededRandom(random.next() * 2 ** 32),
        state: found ?? LOST_STATE,
        kept: found !== null,
        rules: { ...RULES, ...plant.rules, ...implant?.rules },
        mistakes: { sweepsNothing: plant.sweepsNothing === true, clearsUnseen: plant.clearsUnseen === true },
        wrap: implant?.wrap ?? ((ports) => ports),
      },
      {
        schedule,
        clock: this.clock,
        kernel: this.kernel,
        disk: this.disk,
        probes: () => this.#world.probes(),
        holdUp: (at) => this.#holdUp(at),
        send: (outgoing, recipients) => this.#world.send(this, outgoing, recipients),
        believes: (beliefs) => this.#believes(beliefs),
        acts: (view) => {
          this.#world.law.acts(this.label, view)
          this.reconciler?.acts?.(view)
        },
        told: (effect) => {
          this.#world.told(this, effect.event)
          this.reconciler?.heard(effect)
        },
        said: (word) => this.reconciler?.heard(word),
        frame: (address, group) => this.#world.frame(this, address, group),
        belated: (address, group) => this.#world.belated(this, address, group),
        ended: (why) => this.#ended(process, why),
      },
    )
    return process
  }

  #memory(): Memory {
    const drawn = this.#starts > 0 ? this.#world.random.next() : 0
    return drawn < 0.7 ? 'sound' : drawn < 0.85 ? 'old' : 'none'
  }
  /** What is not known from the disk the reconciler says a while later. */
  #remember(memory: Memory): void {
    const { random, schedule, shape } = this.#world
    if (memory === 'sound') return this.adopt(this.revision)
    if (memory === 'old') this.#putView((this.revision + 1) % shape.revisions.length)
    schedule.in(random.next() * 2 * shape.revisions[0].timing.leaseMs, () => {
      this.adopt(this.revision)
      this.sayReady()
    })
  }

  /** The configuration reaches this node, and stays with it over restarts. */
  adopt(revision: number): void {
    this.revision = revision
    if (this.reconciler) this.reconciler.adopt(revision)
    else this.#putView(revision)
  }
  #putView(revision: number): void {
    this.put({ kind: 'view', view: viewOf(this.#world.shape, this.name, revision) })
  }
  put(input: LeaseInput): void {
    this.process?.put(input)
  }

  sayReady(): void {
    if (this.reconciler) return
    for (const { name, directors } of this.#world.shape.revisions[this.revision]?.groups ?? []) {
      if (!directors.includes(this.name)) continue
      this.put({
        kind: 'ready',
        group: name,
        ready: this.ready && !this.interfaceDown,
        interfaceDown: this.interfaceDown,
        reaches: this.interfaceDown ? 0 : this.reaches,
        reason: this.ready ? '' : 'IPVS is not loaded',
      })
    }
  }

  /** SIGKILL: the kernel keeps what it has. */
  kill(): void {
    this.#world.note(`${this.label} is killed`)
    if (this.process) this.#end(this.process)
  }
  /** Power cut: the kernel's state is gone too. */
  cutPower(): void {
    this.#world.note(`${this.label} loses power`)
    if (this.process) this.#end(this.process)
    this.reconciler?.lostPower()
    this.kernel.lose()
    this.#world.law.lostPower(this.label)
    this.clock.boot(this.#world.schedule.now)
  }
  /** Its disk cannot be read at the next start. */
  forget(): void {
    this.#world.note(`${this.label} loses its state`)
    this.disk.state = null
    this.#world.law.numbersCount = false
  }

  #ended(process: Process, why: 'stopped' | 'unfenced'): void {
    this.#world.note(`${this.label} ${why === 'stopped' ? 'has stopped' : 'ends: its fence cannot be built'}`)
    this.#end(process)
    const { schedule, random } = this.#world
    if (why === 'unfenced') schedule.in(randomBetween(random, ...RESTART_MS), () => this.start())
  }
  #end(process: Process): void {
    process.kill()
    if (this.process !== process) return
    this.process = null
    this.reconciler?.left()
    // Nothing waits for lease numbers to be on disk.
    if (this.disk.behind) this.#world.law.numbersCount = false
    this.kernel.abandon()
    this.disk.abandon()
    this.#world.law.killed(this.label)
  }

  #holdUp(at: number): number {
    const ms = this.#world.stall()
    if (ms > LONG_MS && this.#world.random.next() < this.#world.flushes())
      this.kernel.flushAt(at + ms * this.#world.random.next())
    return ms
  }

  #onFlush(): void {
    this.#world.note(`somebody flushes the tables of ${this.label}`)
    this.#world.law.flushed(this.label)
    const mine = ++this.#flushes
    this.#notice(() =>
      this.process?.tablesNotice(() => {
        if (mine === this.#flushes) this.#world.law.sawFlush(this.label)
      }),
    )
  }
  #notice(run: () => void): void {
    this.#world.schedule.in(randomBetween(this.#world.random, ...NOTICE_MS), run)
  }

  #believes(beliefs: readonly LocalLease[]): void {
    this.#world.law.believes(
      this.label,
      beliefs.map(({ group, until, furthest }) => ({
        group,
        until: this.clock.trueAt(until),
        furthest: this.clock.trueAt(furthest),
      })),
    )
  }
}
