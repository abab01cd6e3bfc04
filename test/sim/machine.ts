/** One node of a simulated cluster: a clock, a kernel, and at most one lease process at a time. */
import { type Random, seededRandom } from '@lvsm/base'
import type { Rules } from '@lvsm/lease'
import type { Envelope, LeaseEffect } from '../../agent/lease/core/events.ts'
import type { Clock } from '../kit/clock.ts'
import { FakeKernel, type KernelFaults } from '../kit/kernel.ts'
import { Process } from '../kit/process.ts'
import type { Schedule } from '../kit/schedule.ts'
import type { Law } from './law.ts'
import { type Shape, viewOf } from './shape.ts'

/** Mistakes that a test plants; all off in an honest run. */
export interface Planted {
  readonly rules: Rules
  readonly kernelRevives: boolean
  readonly cachesNow: boolean
  readonly sweepsNothing: boolean
  readonly clearsUnseen: boolean
}
export interface World {
  readonly shape: Shape
  readonly schedule: Schedule
  readonly random: Random
  readonly law: Law
  readonly planted: Planted
  send(from: string, to: string, envelope: Envelope): void
  /** Milliseconds of a hold-up at one point of a process; nearly always 0. */
  stall(): number
  note(line: string): void
}

/** The view that a process finds on disk when it starts: the present one, an outdated one, or none. */
export type Memory = 'sound' | 'old' | 'none'

export class Machine {
  readonly name: string
  readonly clock: Clock
  readonly kernel: FakeKernel
  readonly #world: World
  #starts = 0
  #highWater = 0
  process: Process | null = null
  ready = true
  cutOff = false
  revision = 0

  constructor(name: string, clock: Clock, world: World) {
    this.name = name
    this.clock = clock
    this.#world = world
    const { kernelRevives: revives, sweepsNothing } = world.planted
    const faults: KernelFaults = { refusal: 0, revives, sweepsNothing }
    this.kernel = new FakeKernel(world.schedule, clock, seededRandom(world.random.next() * 2 ** 32), faults)
    world.law.watch(name, this.kernel)
  }

  start(memory = this.#memory()): void {
    if (this.process) return
    const { shape, schedule, random, planted } = this.#world
    const incarnation = `${this.name}.${++this.#starts}`
    const process: Process = new Process(
      {
        node: this.name,
        incarnation,
        random: seededRandom(random.next() * 2 ** 32),
        highWater: this.#highWater,
        rules: planted.rules,
        links: shape.links,
        cachesNow: planted.cachesNow,
        clearsUnseen: planted.clearsUnseen,
      },
      {
        schedule,
        clock: this.clock,
        kernel: this.kernel,
        send: (to, envelope) => this.#world.send(this.name, to, envelope),
        observe: (what, effect) => this.#observe(what, effect),
        stall: () => this.#world.stall(),
        stopped: () => this.#end(process),
        persist: (highWater) => {
          this.#highWater = highWater
        },
      },
    )
    this.process = process
    this.#world.note(`${this.name} starts`)
    this.#remember(memory)
    this.sayReady()
  }

  #memory(): Memory {
    const drawn = this.#starts > 0 ? this.#world.random.next() : 0
    return drawn < 0.7 ? 'sound' : drawn < 0.85 ? 'old' : 'none'
  }
  /** What is not known from the disk the reconciler says a while later. */
  #remember(memory: Memory): void {
    const { random, schedule, shape } = this.#world
    if (memory === 'sound') return this.adopt(this.revision)
    if (memory === 'old') this.#put((this.revision + 1) % shape.revisions.length)
    schedule.in(random.next() * 2 * shape.timing.termMs, () => this.adopt(this.revision))
  }

  /** The configuration reaches this node, and stays with it over restarts. */
  adopt(revision: number): void {
    this.revision = revision
    this.#put(revision)
  }
  #put(revision: number): void {
    this.process?.put({ kind: 'view', view: viewOf(this.#world.shape, this.name, revision) })
  }

  sayReady(): void {
    for (const { name } of this.#world.shape.revisions[0] ?? []) {
      this.process?.put({
        kind: 'ready',
        group: name,
        ready: this.ready && !this.cutOff,
        cutOff: this.cutOff,
        reason: this.ready ? '' : 'IPVS is not loaded',
      })
    }
  }

  /** SIGKILL: the kernel keeps what it has. */
  kill(): void {
    this.#world.note(`${this.name} is killed`)
    if (this.process) this.#end(this.process)
  }

  /** Power cut: the kernel's state is gone too. */
  cutPower(): void {
    this.kill()
    this.kernel.lose()
  }

  #end(process: Process): void {
    process.alive = false
    if (this.process !== process) return
    this.process = null
    this.#world.law.forget(this.name)
  }

  #observe(what: 'kernel' | 'step', effect: LeaseEffect | null): void {
    const { law, schedule, note } = this.#world
    if (effect?.kind === 'event') {
      const { group, kind, reason } = effect.event
      note(`${this.name} ${kind} ${group}: ${reason}`)
      if (kind === 'released') law.released(this.name, group, schedule.now)
    }
    if (what === 'kernel') {
      if (effect?.kind === 'fence' && effect.op === 'open') law.took(this.name, effect.group)
      law.judgeKernel(this.name, schedule.now)
    }
    if (effect !== null || !this.process) return
    for (const { group, until } of this.process.core.beliefs()) {
      law.judgeBelief(this.name, group, this.clock.trueAt(until), schedule.now)
    }
  }
}
