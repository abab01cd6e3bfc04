/**
 * A lease process around the real core, as its adapters run it: one inbox, one input at a time, effects in their order.
 * It can be frozen anywhere, also between reading the clock and the kernel's call; inputs queue up meanwhile.
 */
import type { Instant, Random } from '@lvsm/base'
import type { Rules } from '@lvsm/lease'
import type { LeaseCore } from '../../agent/lease/core/core.ts'
import { createLeaseCore } from '../../agent/lease/core/core.ts'
import type { Envelope, LeaseEffect, LeaseInput } from '../../agent/lease/core/events.ts'
import { BOTH } from '../../agent/lease/core/kernel.ts'
import type { Clock } from './clock.ts'
import type { FakeKernel } from './kernel.ts'
import type { Schedule } from './schedule.ts'

/** Under this nothing can be renewed (a tick of the kernel). */
const TICK_MS = 4
/** Inputs that a frozen process keeps; the socket's buffer. */
const INBOX = 512
const MOST_STEPS = 5000

export interface Surroundings {
  readonly schedule: Schedule
  readonly clock: Clock
  readonly kernel: FakeKernel
  send(to: string, envelope: Envelope): void
  /** Something that an observer sees: after a kernel call, a step, an event. */
  observe(what: 'kernel' | 'step', effect: LeaseEffect | null): void
  /** Milliseconds for which the process is held up at this point; nearly always 0. */
  stall(): number
  stopped(): void
  persist(highWater: number): void
}
export interface ProcessOptions {
  readonly node: string
  readonly incarnation: string
  readonly random: Random
  readonly highWater: number
  readonly rules: Rules
  readonly links: number
  /** A planted bug: the loop reads the clock once, when it goes to sleep. */
  readonly cachesNow: boolean
  /** A planted bug: a stop takes away tables that a predecessor left, and whose addresses nobody took off. */
  readonly clearsUnseen: boolean
}

export class Process {
  readonly core: LeaseCore
  readonly #options: ProcessOptions
  readonly #around: Surroundings
  readonly #inbox: LeaseInput[] = []
  #answers: LeaseInput[] = []
  #work: (() => void)[] = []
  #frozenUntil = 0
  #wakeToken = 0
  #cached: Instant
  #scheduled = false
  #fenced = false
  #tripMs = 0
  #steps = 0
  #steppedAt = 0
  alive = true

  constructor(options: ProcessOptions, around: Surroundings) {
    this.#options = options
    this.#around = around
    const { node, incarnation, random, highWater, rules } = options
    this.#cached = this.#read()
    this.core = createLeaseCore({ node, incarnation, random, highWater, rules, startedAt: this.#cached })
  }

  put(input: LeaseInput): void {
    if (!this.alive || this.#inbox.length >= INBOX) return
    this.#inbox.push(input)
    this.#go()
  }

  freeze(ms: number): void {
    this.#frozenUntil = Math.max(this.#frozenUntil, this.#around.schedule.now + ms)
  }
  /** Freezes at the worst point: after the clock was read for the next fence call, before the kernel is called. */
  trip(ms: number): void {
    this.#tripMs = ms
  }
  thaw(): void {
    this.#frozenUntil = 0
    this.#tripMs = 0
    this.#scheduled = false
    this.#go()
  }

  #read(): Instant {
    return this.#around.clock.read(this.#around.schedule.now)
  }

  /** Works until there is nothing to do, or until it is held up. */
  #go(): void {
    const { schedule } = this.#around
    while (this.alive) {
      if (schedule.now < this.#frozenUntil) {
        if (this.#scheduled) return
        this.#scheduled = true
        schedule.at(this.#frozenUntil, () => {
          this.#scheduled = false
          this.#go()
        })
        return
      }
      const piece = this.#work.shift()
      if (piece) {
        piece()
        continue
      }
      const input = this.#answers.shift() ?? this.#inbox.shift()
      if (!input) break
      this.#step(input)
    }
    this.#cached = this.#read()
  }

  #step(input: LeaseInput): void {
    this.#countSteps()
    const now = this.#options.cachesNow ? this.#cached : this.#read()
    for (const effect of this.core.step(input, now)) this.#plan(effect)
    this.#around.observe('step', null)
  }

  /** Calls take no time here; a process that works on without end in one instant would burn a processor out there. */
  #countSteps(): void {
    const { now } = this.#around.schedule
    this.#steps = now === this.#steppedAt ? this.#steps + 1 : 0
    this.#steppedAt = now
    if (this.#steps > MOST_STEPS) throw new Error(`${this.#options.node} works without end in one instant`)
  }

  /** One effect is up to three pieces of work, with a possible hold-up before each. */
  #plan(effect: LeaseEffect): void {
    if (effect.kind === 'fence') this.#planFence(effect)
    else if (effect.kind === 'fence-tables') this.#planTables(effect)
    else if (effect.kind === 'wake') this.#setWake(effect.at)
    else this.#later(() => this.#carryOut(effect))
  }

  #later(piece: () => void): void {
    this.#work.push(() => {
      const stallMs = this.#around.stall()
      if (stallMs === 0) return piece()
      this.#work.unshift(piece)
      this.freeze(stallMs)
    })
  }

  #planFence(effect: Extract<LeaseEffect, { kind: 'fence' }>): void {
    const { group, op, parts } = effect
    let timeoutMs = 0
    let error = ''
    this.#later(() => {
      timeoutMs = Math.min(effect.timeoutMs, effect.notAfter - this.#read())
      if (this.#tripMs > 0 && op === 'renew') this.freeze(this.#tripMs)
      if (op === 'renew') this.#tripMs = 0
    })
    this.#later(() => {
      const refused = op !== 'close' && timeoutMs < TICK_MS
      error = refused ? 'ETIME' : this.#around.kernel.fence(group, op, parts, timeoutMs)
      this.#around.observe('kernel', effect)
    })
    this.#later(() => {
      const done = this.#read()
      this.#answers.push({ kind: 'fenced', group, op, parts, ok: error === '', timeoutMs, done, error })
    })
  }

  #carryOut(effect: LeaseEffect): void {
    const { kernel } = this.#around
    if (effect.kind === 'send') this.#send(effect)
    else if (effect.kind === 'address') {
      const { op, group } = effect
      const error = kernel.address(
        op,
        group.addresses.map(({ address }) => address),
      )
      this.#around.observe('kernel', effect)
      this.#answers.push({ kind: 'addressed', group: group.name, op, ok: error === '', error })
    } else if (effect.kind === 'persist') this.#around.persist(effect.highWater)
    else if (effect.kind === 'stopped') this.#stopped(effect)
    else this.#around.observe('step', effect)
  }

  #planTables(effect: Extract<LeaseEffect, { kind: 'fence-tables' }>): void {
    let left = new Map<string, number>()
    let ok = false
    this.#later(() => {
      const now = this.#read()
      left = new Map(
        effect.carried.map(({ group, timeoutMs, notAfter }) => [group, Math.min(timeoutMs, notAfter - now)]),
      )
      if (this.#tripMs > 0 && left.size > 0) this.freeze(this.#tripMs)
      if (left.size > 0) this.#tripMs = 0
    })
    this.#later(() => {
      const late = [...left.values()].some((timeoutMs) => timeoutMs < TICK_MS)
      ok = this.#around.kernel.rebuild(effect.groups, late ? new Map() : left, !this.#fenced) && !late
      this.#fenced = true
      this.#around.observe('kernel', effect)
    })
    this.#later(() => {
      const done = this.#read()
      for (const [group, timeoutMs] of left)
        this.#answers.push({ kind: 'fenced', group, op: 'carry', parts: BOTH, ok, timeoutMs, done, error: '' })
    })
  }

  #stopped(effect: Extract<LeaseEffect, { kind: 'stopped' }>): void {
    if (this.#fenced || this.#options.clearsUnseen) this.#around.kernel.clear()
    this.#around.observe('kernel', effect)
    this.#around.stopped()
  }

  #send(effect: Extract<LeaseEffect, { kind: 'send' }>): void {
    const { node, incarnation, links } = this.#options
    const { sequence, spread, message, rider } = effect
    for (const name of effect.to) {
      const to = effect.peers[name] ?? null
      for (let link = 0; link < links; link++) {
        if (spread === 'one' && link !== sequence % links) continue
        this.#around.send(name, { from: node, incarnation, sequence, to, link, spread, message, rider })
      }
    }
  }

  #setWake(at: Instant): void {
    const token = ++this.#wakeToken
    const { schedule, clock } = this.#around
    schedule.at(clock.trueAt(at) + 1e-6, () => {
      if (token === this.#wakeToken) this.put({ kind: 'wake' })
    })
  }
}
