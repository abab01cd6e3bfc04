/**
 * A lease process: the real core behind the real pump, over simulated ports. It takes one input at a time; while its own
 * time is ahead of the schedule (`timeline`), or it is frozen, what comes in waits, datagrams in a bounded buffer.
 */
import { type DurableState, type LeaseView, type Outgoing } from '@lvsm/protocol'
import { type Instant, NEVER_BEFORE, type Random } from '@lvsm/base'
import type { Rules } from '@lvsm/lease'
import { type LocalLease, createLeaseCore, type LeaseCore } from '../../agent/lease/core/core.ts'
import type { Envelope, LeaseEffect, LeaseInput } from '../../agent/lease/core/events.ts'
import type { Addressee } from '../../agent/lease/ports.ts'
import { type Pump, type PumpPorts, startPump } from '../../agent/lease/pump.ts'
import { simulatedAlarm } from './alarm.ts'
import type { Clock } from './clock.ts'
import type { Disk } from './disk.ts'
import type { FakeKernel } from './kernel.ts'
import { type KernelHooks, type KernelPorts, kernelPorts } from './kernel-ports.ts'
import type { Schedule } from './schedule.ts'
import { Timeline } from './timeline.ts'

/** Datagrams that wait in the socket's buffer. */
const BUFFER = 512
/** True milliseconds of processor for an input, and for handing a datagram to the kernel. */
const STEP_MS = 0.05
const SEND_MS = 0.02
/** A process that works on without end at one place would burn a processor out there. */
const MOST_STEPS = 20_000
/** How often the fence is looked at without a notice, and again after it could not be put back. */
const LOOK_MS = 5000
const LOOK_AGAIN_MS = 100
const LOOKS = 5

export interface Surroundings {
  readonly schedule: Schedule
  readonly clock: Clock
  readonly kernel: FakeKernel
  readonly disk: Disk
  /** Whether to look now for what the core overlooked. */
  probes(): boolean
  /** For how long the process stands still at a point; nearly always 0. */
  holdUp(at: number): number
  send(outgoing: Outgoing, recipients: readonly Addressee[]): void
  /** Observers see each of these at the time that the process has got to. */
  believes(beliefs: readonly LocalLease[]): void
  /** It acts on another view. */
  acts(view: LeaseView): void
  told(effect: Extract<LeaseEffect, { kind: 'event' }>): void
  /** To whoever listens on its socket. */
  said(word: Extract<LeaseEffect, { kind: 'deliver' | 'claimed' }>): void
  frame(address: string, group: string): void
  belated(address: string, group: string): void
  /** The process ended by itself. */
  ended(why: 'stopped' | 'unfenced'): void
}
export interface ProcessOptions {
  readonly node: string
  readonly incarnation: string
  readonly random: Random
  readonly state: DurableState
  readonly kept: boolean
  readonly rules: Rules
  readonly mistakes: Pick<KernelHooks, 'sweepsNothing' | 'clearsUnseen'>
  /** Wraps the pump's ports: what a test plants there. */
  wrap(ports: PumpPorts): PumpPorts
}

class Exit extends Error {}

export class Process {
  readonly core: LeaseCore
  readonly line: Timeline
  readonly #around: Surroundings
  readonly #pump: Pump
  readonly #kernel: KernelPorts
  readonly #inbox: { readonly work: () => void; readonly datagram: boolean }[] = []
  #datagrams = 0
  #frozenUntil = 0
  #resumes: number | null = null
  #tripping: { readonly until: () => number; readonly denied: boolean } | null = null
  #believed: readonly LocalLease[] = []
  #steps = 0
  #view: LeaseView | null = null
  #now: Instant = NEVER_BEFORE
  #alarm: ReturnType<PumpPorts['alarm']> | null = null
  readonly counters: Record<string, number> = {}

  constructor(options: ProcessOptions, around: Surroundings) {
    this.#around = around
    const { node, incarnation, random, rules, state, kept, mistakes } = options
    this.line = new Timeline(around.schedule, around.clock, (at) => around.holdUp(at))
    this.#kernel = kernelPorts(around.kernel, this.line, {
      ...mistakes,
      trip: (denied) => this.#trip(denied),
      frame: (address, group) => around.frame(address, group),
      belated: (address, group) => around.belated(address, group),
    })
    const startedAt = this.line.read()
    this.core = createLeaseCore({ node, incarnation, random, rules, state, kept, startedAt })
    this.#pump = startPump(node, incarnation, options.wrap(this.#ports()))
    this.#lookAnyway()
  }

  get alive(): boolean {
    return this.line.alive
  }
  /** True time before which it does nothing more than what it is doing. */
  get heldUntil(): number {
    return Math.max(this.line.at, this.#frozenUntil)
  }

  put(input: LeaseInput): void {
    this.#enqueue(() => this.#pump.feed(input))
  }
  receive(envelope: Envelope): void {
    if (this.#datagrams < BUFFER) this.#enqueue(() => this.#pump.feed({ kind: 'datagram', envelope }), true)
    else this.#count('buffer-full')
  }
  /**
   * A notice of the kernel: what became of it is looked at when the process gets to it. `then`: what it had built is back, or should
   * be: a call that is out is waited for.
   */
  tablesNotice(then: () => void, looks = LOOKS): void {
    this.#enqueue(() => {
      if (!this.#kernel.guards()) return
      if (this.#kernel.tablesGone()) this.#pump.feed({ kind: 'fence-lost' })
      if (!this.#kernel.tablesGone() || looks === 0) return this.line.show(then)
      this.#around.schedule.at(this.line.at + LOOK_AGAIN_MS, () => this.tablesNotice(then, looks - 1))
    })
  }
  addressNotice(): void {
    this.#enqueue(() => {
      for (const group of this.#kernel.addressesGone(this.#view?.groups ?? []))
        this.#pump.feed({ kind: 'address-lost', group })
    })
  }

  /** Work of its own event loop: it waits with everything else. */
  perform(work: () => void): void {
    this.#enqueue(() => this.line.show(work))
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#around.schedule.now + ms)
  }
  /** Stands still at the worst point: after the clock was read for the next renewal, before the kernel is called. */
  trip(ms: number): void {
    this.tripUntil(() => this.line.at + ms)
  }
  /** The same until a true time that is known only then; `denied`: in the call after one whose answer got lost. */
  tripUntil(until: () => number, denied = false): void {
    this.#tripping = { until, denied }
  }
  thaw(): void {
    this.#frozenUntil = 0
    this.#tripping = null
    this.#resumes = null
    this.#go()
  }
  kill(): void {
    this.line.alive = false
    this.#pump.stop()
    this.#inbox.length = 0
  }

  #enqueue(work: () => void, datagram = false): void {
    if (!this.alive) return
    this.#inbox.push({ work, datagram })
    if (datagram) this.#datagrams += 1
    this.#go()
  }

  /** Takes what waits, one by one, each when its own time has come to the schedule's. */
  #go(): void {
    const { schedule } = this.#around
    if (!this.alive || this.#inbox.length === 0) return
    if (schedule.now < this.heldUntil) return this.#resumeAt(this.heldUntil)
    const next = this.#inbox.shift()
    if (!next) return
    if (next.datagram) this.#datagrams -= 1
    this.line.at = schedule.now
    this.#steps = 0
    try {
      next.work()
    } catch (error) {
      if (!(error instanceof Exit)) throw error
      this.#inbox.length = 0
    }
    if (this.#steps > 0 && this.#around.probes()) this.#probe()
    if (this.#inbox.length > 0) this.#resumeAt(this.heldUntil)
  }
  /**
   * The core looks only at groups to which something happened, or that are due. To be told the same view again makes it
   * look at all of them: when it finds something to do, it had overlooked it.
   */
  #probe(): void {
    if (!this.#view) return
    for (const effect of this.core.step({ kind: 'view', view: this.#view }, this.#now)) {
      if (effect.kind === 'wake') this.#alarm?.set(effect.at)
      else throw new Error(`overlooked: ${JSON.stringify(effect)}`)
    }
  }
  #resumeAt(at: number): void {
    if (this.#resumes === at) return
    this.#resumes = at
    this.#around.schedule.at(at, () => {
      if (this.#resumes !== at) return
      this.#resumes = null
      this.#go()
    })
  }

  #ports(): PumpPorts {
    const { schedule, clock, disk } = this.#around
    return {
      clock: () => {
        this.line.pause()
        return this.line.read()
      },
      step: (input, now) => this.#step(input, now),
      fence: this.#kernel.fence,
      later: (resume) => this.#enqueue(resume),
      afterGrace: (over) => schedule.at(this.#kernel.graceOver(), () => this.#enqueue(over)),
      addresses: this.#kernel.addresses,
      alarm: (ring) => {
        this.#alarm = simulatedAlarm(schedule, clock, this.line, ring, (work) => this.#enqueue(work))
        return this.#alarm
      },
      send: (outgoing, recipients) => this.#send(outgoing, recipients),
      persist: (state, view, done) =>
        this.line.show(() => disk.write(state, view, (error) => this.#enqueue(() => done(error)))),
      useView: (view) => {
        this.line.show(() => disk.write(null, view, () => undefined))
        this.#pump.feed({ kind: 'view', view })
      },
      deliver: (from, payload) => this.line.show(() => this.#around.said({ kind: 'deliver', from, payload })),
      event: (effect) => this.line.show(() => this.#around.told(effect)),
      claimed: () => this.line.show(() => this.#around.said({ kind: 'claimed' })),
      stopped: () => {
        this.#kernel.fence.clear()
        this.line.show(() => this.#around.ended('stopped'))
      },
      unfenced: () => {
        this.line.show(() => this.#around.ended('unfenced'))
        throw new Exit()
      },
      count: (reason) => this.#count(reason),
    }
  }

  #step(input: LeaseInput, now: Instant): LeaseEffect[] {
    this.#steps += 1
    if (this.#steps > MOST_STEPS) throw new Error('a process works without end')
    const effects = this.core.step(input, now)
    this.#now = now
    this.#observeBeliefs()
    this.#observeView()
    this.line.pass(STEP_MS)
    return effects
  }
  #observeView(): void {
    const view = this.core.view()
    if (view === null || view === this.#view) return
    this.#view = view
    this.line.show(() => this.#around.acts(view))
  }
  #observeBeliefs(): void {
    const before = this.#believed
    const beliefs = this.core.localLeases()
    if (beliefs.length === before.length && beliefs.every((one, at) => isSame(one, before[at]))) return
    this.#believed = beliefs
    this.line.show(() => this.#around.believes(beliefs))
  }

  #send(outgoing: Outgoing, recipients: readonly Addressee[]): void {
    this.line.pause()
    this.line.pass(SEND_MS * recipients.length)
    this.line.show(() => this.#around.send(outgoing, recipients))
  }

  #trip(denied: boolean): number {
    const tripping = this.#tripping
    if (!tripping || (tripping.denied && !denied)) return 0
    this.#tripping = null
    return Math.max(0, tripping.until() - this.line.at)
  }

  #lookAnyway(): void {
    this.#around.schedule.in(LOOK_MS, () => {
      if (!this.alive) return
      this.tablesNotice(() => undefined)
      this.#lookAnyway()
    })
  }

  #count(reason: string): void {
    this.counters[reason] = (this.counters[reason] ?? 0) + 1
  }
}

const isSame = (one: LocalLease, other: LocalLease | undefined): boolean =>
  other !== undefined && one.until === other.until && one.furthest === other.furthest && one.group === other.group
