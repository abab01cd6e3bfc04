/**
 * An agent: the real core behind the real driver, over simulated ports. It takes one input at a time; calls into its kernel
 * take time, and what comes in meanwhile waits, as it does for a process of one thread.
 */
import { type Instant, NEVER_BEFORE } from '@lvsm/base'
import type { KeptEvents, LocalWord, ProbeFound } from '@lvsm/protocol'
import { type OwnedRecord, Refusals } from '@lvsm/plan'
import { type Driver, type DriverParts, startDriver } from '../../agent/driver/driver.ts'
import { createNodeCore, type NodeCore, type NodeEffect, type NodeInput } from '../../agent/node/core/index.ts'
import { simulatedAlarm } from './alarm.ts'
import type { Clock } from './clock.ts'
import type { DataPlane } from './data-plane.ts'
import type { Schedule } from './schedule.ts'
import { Timeline } from './timeline.ts'

type Of<K extends NodeEffect['kind']> = Extract<NodeEffect, { kind: K }>
type Step = DriverParts<NodeInput, NodeEffect>['step']
export type AgentWord = Of<'view' | 'ready' | 'switchover' | 'standby' | 'message'>

export interface AgentSurroundings {
  readonly schedule: Schedule
  readonly clock: Clock
  readonly plane: DataPlane
  /** Milliseconds that a call into the kernel takes. */
  callMs(): number
  /** What the kernel says instead of doing it; null: it does it. */
  refuses(operation: Of<'apply'>['operations'][number] | 'observe'): string | null
  /** Before and after each operation that the kernel did. */
  apply(operation: Of<'apply'>['operations'][number]): string | null
  /** `ok` null: nobody knows. */
  check(effect: Of<'check'>, done: (ok: boolean | null, reason: string, found?: ProbeFound) => void): void
  answersPing(address: string): boolean
  tell(word: AgentWord): void
  reply(effect: Of<'reply'>): void
  record(text: string): void
  word(word: LocalWord): void
  /** What happened, as text. */
  history(text: string): void
  /** What the wall clock shows, in milliseconds, when the machine's own shows `at`. */
  wallMs(at: Instant): number
  say(text: string): void
}
export interface AgentOptions {
  readonly node: string
  readonly boot: string
  readonly record: OwnedRecord
  readonly word: LocalWord | null
  readonly kept: KeptEvents | null
  /** Wraps the core's step: what a test plants there. */
  wrap(step: Step): Step
}

/** Milliseconds of processor for a step. */
const STEP_MS = 0.1
const PING_MS = 1

export class AgentProcess {
  readonly core: NodeCore
  readonly #around: AgentSurroundings
  readonly #driver: Driver<NodeInput>
  readonly #line: Timeline
  readonly #inbox: (() => void)[] = []
  readonly #outbox: NodeEffect[] = []
  #busy = false
  #frozenUntil = NEVER_BEFORE as number
  alive = true
  /** Operations that were asked for, and looks that were answered. */
  readonly done = { operations: 0, looks: 0 }

  constructor({ node, boot, record, word, kept, wrap }: AgentOptions, around: AgentSurroundings) {
    this.#around = around
    const { schedule, clock } = around
    this.#line = new Timeline(schedule, clock, () => 0)
    this.core = createNodeCore({
      node,
      boot,
      record,
      word,
      follows: false,
      startedAt: this.#now(),
      kept,
      machine: '',
      started: `${node} starts as ${boot}`,
      wallMs: (at: Instant) => around.wallMs(at),
      wall: (at: Instant) => new Date(around.wallMs(at)).toISOString(),
    })
    this.#driver = startDriver<NodeInput, NodeEffect>({
      clock: () => this.#now(),
      step: wrap((input, now) => this.core.step(input, now)),
      carryOut: (effect) => void this.#outbox.push(effect),
      alarm: (ring) => simulatedAlarm(schedule, clock, this.#line, ring, (work) => this.#enqueue(work)),
      later: (resume) => this.#enqueue(resume),
      longestInbox: Number.POSITIVE_INFINITY,
      mayDrop: () => false,
      dropped: () => undefined,
    })
  }

  put(input: NodeInput): void {
    this.#enqueue(() => this.#driver.feed(input))
  }
  status() {
    return this.core.status(this.#now())
  }
  wallMs(at: Instant): number {
    return this.#around.wallMs(at)
  }
  freeze(ms: number): void {
    const { schedule } = this.#around
    this.#frozenUntil = Math.max(this.#frozenUntil, schedule.now + ms)
    schedule.at(this.#frozenUntil, () => this.#go())
  }
  kill(): void {
    this.alive = false
    this.#driver.stop()
    this.#inbox.length = 0
    this.#outbox.length = 0
  }

  #now(): Instant {
    this.#line.at = this.#around.schedule.now
    return this.#line.read()
  }
  #enqueue(work: () => void): void {
    if (!this.alive) return
    this.#inbox.push(work)
    this.#go()
  }
  #go(): void {
    if (!this.alive || this.#busy || this.#around.schedule.now < this.#frozenUntil) return
    const next = this.#inbox.shift()
    if (!next) return
    this.#now()
    next()
    this.#carryOn()
  }
  /** Effects in their order; the next input comes when the last of them is done. */
  #carryOn(): void {
    this.#busy = true
    for (let effect = this.#outbox.shift(); effect; effect = this.#outbox.shift()) {
      if (effect.kind === 'observe') return this.#observe(effect)
      if (effect.kind === 'apply') return this.#apply(effect.operations, 0, [])
      this.#carryOut(effect)
    }
    this.#later(STEP_MS, () => {
      this.#busy = false
      this.#go()
    })
  }
  #later(ms: number, run: () => void): void {
    this.#around.schedule.in(ms, () => {
      if (this.alive) run()
    })
  }
  /** An answer comes after what waits already. */
  #answer(input: NodeInput): void {
    this.#inbox.push(() => this.#driver.feed(input))
    this.#carryOn()
  }

  #observe(wanted: Of<'observe'>): void {
    const { schedule, plane, callMs, refuses } = this.#around
    this.#later(callMs(), () => {
      const error = refuses('observe')
      if (error !== null) return this.#answer({ kind: 'observe-failed', error })
      this.done.looks += 1
      this.#answer({ kind: 'observed', observed: plane.observe(schedule.now, wanted) })
    })
  }
  #apply(
    operations: Of<'apply'>['operations'],
    at: number,
    failures: Extract<NodeInput, { kind: 'applied' }>['failures'],
    refusals = new Refusals(operations),
  ): void {
    const operation = operations[at]
    if (!operation) return this.#answer({ kind: 'applied', failures })
    if (refusals.holdsBack(operation)) return this.#apply(operations, at + 1, failures, refusals)
    this.#later(this.#around.callMs(), () => {
      this.done.operations += 1
      const message = this.#around.refuses(operation) ?? this.#around.apply(operation)
      if (message !== null) refusals.add(operation)
      this.#apply(operations, at + 1, message === null ? failures : [...failures, { operation, message }], refusals)
    })
  }

  #carryOut(effect: Exclude<NodeEffect, { kind: 'observe' | 'apply' }>): void {
    const around = this.#around
    switch (effect.kind) {
      // Its connections are not those of TCP: a table with none of them.
      case 'openings':
        return this.put({ kind: 'openings', report: { whole: true, tookMs: 1, servers: [] } })
      // And its packets are counted nowhere.
      case 'totals':
        return this.put({ kind: 'totals', reading: null })
      // Its machine has no parts that ail.
      case 'vitals':
        return this.put({ kind: 'vitals', reading: null })
      // Nor are its servers sockets.
      case 'sockets':
        return this.put({ kind: 'sockets', found: null, error: 'there are none here', load: 0 })
      case 'check':
        return around.check(effect, (ok, reason, found) =>
          this.put({ kind: 'checked', id: effect.id, ok, reason, ...(found ? { found } : {}) }),
        )
      case 'ping':
        this.put({ kind: 'pinged', round: effect.round, unsent: [] })
        for (const { address } of effect.targets)
          if (around.answersPing(address))
            this.#later(PING_MS, () => this.put({ kind: 'ping-answered', address, round: effect.round }))
        return
      case 'reply':
        return around.reply(effect)
      case 'record':
        return around.record(effect.text)
      case 'word':
        return around.word(effect.word)
      case 'history':
        return around.history(effect.text)
      case 'log':
        return around.say(effect.text)
      // Nobody is told here, and nothing of it kept.
      case 'deliver':
      case 'alerts':
      case 'hook':
      case 'hooks':
      // No coordinator is followed here.
      case 'confirm':
      case 'acts':
      case 'report':
      case 'recording':
      case 'wake':
      // Nothing is told again here: a connection loses nothing.
      case 'told':
        return
      default:
        return around.tell(effect)
    }
  }
}
