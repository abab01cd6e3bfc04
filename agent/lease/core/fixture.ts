/** One lease process, as its adapters would run it, with a kernel and a disk that do everything at once, or refuse. */
import {
  type DurableState,
  type GroupClaim,
  type Heartbeat,
  type LeaseEvent,
  type LeaseGroup,
  type LeaseMessage,
  type LeaseView,
  type Message,
} from '@lvsm/protocol'
import { type Instant, instant, quarantineMs, seededRandom } from '@lvsm/base'
import { type CallResult, voterDigest } from '@lvsm/lease'
import { type Driver, startDriver } from '../../driver/driver.ts'
import { createLeaseCore, type LeaseCore } from './core.ts'
import type { Envelope, LeaseEffect, LeaseInput } from './events.ts'
import { about, ready, timing, view } from './fixture-views.ts'
import { BOTH } from './kernel-calls.ts'

export * from './fixture-views.ts'

export type Sent = Omit<Extract<LeaseEffect, { kind: 'send' }>, 'kind'> & { readonly at: Instant }
export interface BenchOptions {
  readonly view?: LeaseView
  readonly state?: DurableState
  readonly kept?: boolean
}

export class Bench {
  readonly core: LeaseCore
  readonly view: LeaseView
  readonly seen: string[] = []
  readonly told: LeaseEvent[] = []
  readonly effects: LeaseEffect[] = []
  readonly sent: Sent[] = []
  now = instant(1000)
  wakeAt: Instant = instant(0)
  /** What the fence knows, and which groups are open there. */
  tables: readonly LeaseGroup[] = []
  readonly #open = new Set<string>()
  /** What the disk has. */
  disk: DurableState | null
  /** What was written with it last. */
  keptView: LeaseView | null = null
  #heard = 0
  /** Calls of the kernel and writes that are not done. */
  refuses = (_effect: LeaseEffect): boolean => false
  /** Calls that are done all the same, or not, and whose answer gets lost. */
  loses = (_effect: LeaseEffect): 'done' | 'undone' | null => null
  /** Answers that have not come yet, while `holdsBack`. */
  holdsBack = (_effect: LeaseEffect): boolean => false
  readonly held: LeaseInput[] = []
  readonly #driver: Driver<LeaseInput>
  #ring = (): void => undefined

  constructor(options: BenchOptions = {}) {
    const {
      view: first = view,
      state = { limitMs: timing.leaseMs, highWater: 0, standby: false },
      kept = true,
    } = options
    this.view = first
    this.disk = kept ? state : null
    const random = seededRandom(1)
    this.core = createLeaseCore({ node: first.node, incarnation: 'one', random, startedAt: this.now, state, kept })
    this.#driver = startDriver<LeaseInput, LeaseEffect>({
      clock: () => this.now,
      step: (input, now) => this.core.step(input, now),
      carryOut: (effect) => this.#take(effect),
      alarm: (ring) => {
        this.#ring = ring
        return { set: (at) => void (this.wakeAt = at), stop: () => undefined }
      },
      longestInbox: Number.MAX_SAFE_INTEGER,
      mayDrop: () => false,
      dropped: () => undefined,
    })
  }

  give(input: LeaseInput): void {
    this.#driver.feed(input)
  }
  answer(): void {
    for (const input of this.held.splice(0)) this.give(input)
  }

  runTo(ms: number): void {
    while (this.wakeAt <= ms) {
      this.now = this.wakeAt > this.now ? this.wakeAt : this.now
      this.#ring()
    }
    this.now = instant(Math.max(ms, this.now))
  }
  pass(ms: number): void {
    this.runTo(this.now + ms)
  }

  /** A datagram that counts: from the present start of a peer, by a fresh sequence. */
  hear(from: string, message: Message, changed: Partial<Envelope> = {}): void {
    this.#heard += 1
    const sender = { from, incarnation: `${from}-start`, sequence: this.#heard }
    const envelope = { ...sender, to: 'one', link: 0, spread: 'one' as const, message, piggybacked: null, ...changed }
    this.give({ kind: 'datagram', envelope })
  }
  heartbeat(from: string, groups: readonly GroupClaim[], changed: Partial<Heartbeat> = {}): void {
    const said = { kind: 'heartbeat', revision: 1, standby: false, voters: voterDigest(this.view), groups } as const
    this.hear(from, { ...said, ...changed })
  }

  #take(effect: LeaseEffect): void {
    this.effects.push(effect)
    const answers = this.#carryOut(effect)
    if (this.holdsBack(effect)) this.held.push(...answers)
    else for (const answer of answers) this.#driver.feed(answer)
  }
  #carryOut(effect: LeaseEffect): LeaseInput[] {
    const lost = this.loses(effect)
    const done = lost === null ? !this.refuses(effect) : lost === 'done'
    const resultOf = (ok: boolean): CallResult => (lost ? 'unknown' : ok ? 'done' : 'refused')
    const error = done && !lost ? '' : lost ? 'ENOBUFS' : 'EBUSY'
    switch (effect.kind) {
      case 'fence': {
        const { group, op, parts, timeoutMs } = effect
        this.seen.push(`${op} ${parts.join('+')}`)
        const possible = op === 'renew' ? this.#open.has(group) : op === 'open' ? !this.#open.has(group) : true
        if (done && possible && op === 'open') this.#open.add(group)
        if (done && op === 'close' && parts.includes('serve')) this.#open.delete(group)
        const result = resultOf(done && possible)
        return [
          { kind: 'fenced', group, op, parts, result, timeoutMs, done: this.now, error: possible ? error : 'ENOENT' },
        ]
      }
      case 'fence-tables':
        return this.#build(effect, done, resultOf, error)
      case 'address':
        this.seen.push(`${effect.op} address`)
        return [{ kind: 'addressed', group: effect.group.name, op: effect.op, ok: done && !lost, error }]
      case 'persist':
        this.seen.push(effect.kind)
        if (done) this.disk = effect.state
        if (done && effect.view) this.keptView = effect.view
        return [{ kind: 'persisted', ok: done && !lost, error }]
      case 'use-view':
        this.seen.push(effect.kind)
        return [{ kind: 'view', view: effect.view }]
      case 'send': {
        this.seen.push(effect.message.kind)
        const { kind: _, ...whole } = effect
        this.sent.push({ ...whole, at: this.now })
        return []
      }
      case 'event':
        this.seen.push(`event ${effect.event.kind}`)
        this.told.push(effect.event)
        return []
      default:
        this.seen.push(effect.kind)
        return []
    }
  }

  #build(
    { groups, carried }: Extract<LeaseEffect, { kind: 'fence-tables' }>,
    done: boolean,
    resultOf: (ok: boolean) => CallResult,
    error: string,
  ): LeaseInput[] {
    this.seen.push('fence-tables')
    this.tables = groups
    const found = carried.every(({ group }) => this.#open.has(group))
    this.#open.clear()
    if (done && found) for (const { group } of carried) this.#open.add(group)
    const result = resultOf(done && found)
    return carried.map(({ group, timeoutMs }) => ({
      kind: 'fenced',
      op: 'carry',
      parts: BOTH,
      group,
      timeoutMs,
      result,
      done: this.now,
      error,
    }))
  }

  /** What happened since the last look, without the heartbeats. */
  look(): string[] {
    return this.seen.splice(0).filter((what) => what !== 'heartbeat')
  }
  /** What was sent since the last look, by kind. */
  messages<Kind extends LeaseMessage['kind']>(
    kind: Kind,
  ): (Sent & { message: Extract<LeaseMessage, { kind: Kind }> })[] {
    return this.sent.filter((one) => one.message.kind === kind) as never
  }
  role(group = 'web'): string | undefined {
    return this.core.status(this.now).groups.find(({ name }) => name === group)?.role
  }
  why(group = 'web'): string {
    return this.core.status(this.now).groups.find(({ name }) => name === group)?.reason ?? ''
  }
  /** Takes the view, is ready for its groups, and waits for the end of its quarantine. */
  begin(first: LeaseView = this.view): void {
    this.give({ kind: 'view', view: first })
    for (const { name } of first.groups) this.give(ready({ group: name }))
    this.look()
    this.runTo(1000 + quarantineMs(timing.leaseMs) + 120)
  }

  /** What voter `from` says to everything that a candidate or holder asked since the last look. */
  vote(from: string, grantMs = timing.leaseMs): void {
    const asked = this.sent.splice(0).filter(({ to }) => to.includes(from))
    for (const { sequence, message } of asked) {
      const echo = { incarnation: 'one', sequence }
      if (message.kind === 'poll') this.hear(from, { kind: 'free', ...about, epoch: message.epoch, echo, highWater: 0 })
      if (message.kind === 'request')
        this.hear(from, { kind: 'ack', ...about, epoch: message.epoch, echo, grantMs, highWater: message.number })
    }
  }
  /** Lets time go by in small steps, while these voters say yes to everything. */
  live(ms: number, voters: readonly string[], each: () => void = () => undefined): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.runTo(Math.min(end, this.now + 2))
      each()
      for (const voter of voters) this.vote(voter)
    }
  }
}
