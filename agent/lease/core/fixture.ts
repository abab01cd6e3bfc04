/** A lone director, and a kernel that does everything at once, or refuses. */
import { type Instant, instant, quarantineMs, seededRandom } from '@lvsm/base'
import type { CallResult, LeaseEvent, LeaseGroup, LeaseView } from '@lvsm/lease'
import { createLeaseCore, type LeaseCore } from './core.ts'
import type { LeaseEffect, LeaseInput } from './events.ts'
import { BOTH } from './kernel.ts'

export const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
export const view: LeaseView = {
  cluster: 'lab',
  node: 'dir1',
  epoch: 1,
  revision: 1,
  timing,
  nodes: [
    { name: 'dir1', links: [], voter: true },
    { name: 'rs1', links: [], voter: false },
  ],
  groups: [
    {
      name: 'web',
      digest: 'd',
      directors: ['dir1'],
      addresses: [{ address: '10.11.0.10', prefix: 24, ifindex: 2, kind: 'vip' }],
    },
  ],
  keys: [],
  signWith: 1,
}

/** Runs a core as its adapters would, with a kernel that does everything at once, or refuses. */
export class Bench {
  readonly core: LeaseCore
  readonly seen: string[] = []
  readonly told: LeaseEvent[] = []
  now = instant(1000)
  wakeAt: Instant = instant(0)
  readonly #open = new Set<string>()
  /** What the fence knows. */
  tables: readonly LeaseGroup[] = []
  refuses = (_effect: LeaseEffect): boolean => false

  constructor() {
    this.core = createLeaseCore({
      node: 'dir1',
      incarnation: 'one',
      random: seededRandom(1),
      startedAt: this.now,
      state: { limitMs: timing.termMs, highWater: 0, standby: false },
      kept: true,
    })
  }

  give(input: LeaseInput): void {
    const inbox = [input]
    for (let next = inbox.shift(); next; next = inbox.shift()) {
      for (const effect of this.core.step(next, this.now)) inbox.push(...this.#carryOut(effect))
    }
  }

  runTo(ms: number): void {
    while (this.wakeAt <= ms) {
      this.now = this.wakeAt
      this.give({ kind: 'wake' })
    }
    this.now = instant(ms)
  }

  #carryOut(effect: LeaseEffect): LeaseInput[] {
    const ok = !this.refuses(effect)
    const error = ok ? '' : 'EBUSY'
    const resultOf = (done: boolean): CallResult => (done ? 'done' : 'refused')
    if (effect.kind === 'wake') this.wakeAt = effect.at
    else if (effect.kind === 'fence') {
      const { group, op, parts, timeoutMs } = effect
      this.seen.push(`${op} ${parts.join('+')}`)
      const done = ok && (op !== 'renew' || this.#open.has(group))
      if (done && op === 'open') this.#open.add(group)
      if (done && op === 'close') this.#open.delete(group)
      return [
        {
          kind: 'fenced',
          group,
          op,
          parts,
          result: resultOf(done),
          timeoutMs,
          done: this.now,
          error: done ? '' : 'ENOENT',
        },
      ]
    } else if (effect.kind === 'fence-tables') {
      this.seen.push(effect.kind)
      this.tables = effect.groups
      const found = effect.carried.every(({ group }) => this.#open.has(group))
      this.#open.clear()
      if (ok && found) for (const { group } of effect.carried) this.#open.add(group)
      return effect.carried.map((one) => ({
        kind: 'fenced',
        op: 'carry',
        parts: BOTH,
        ...one,
        result: resultOf(ok && found),
        done: this.now,
        error,
      }))
    } else if (effect.kind === 'address') {
      this.seen.push(`${effect.op} address`)
      return [{ kind: 'addressed', group: effect.group.name, op: effect.op, ok, error }]
    } else if (effect.kind === 'persist') {
      this.seen.push(effect.kind)
      return [{ kind: 'persisted', ok, error }]
    } else if (effect.kind === 'send') this.seen.push(effect.message.kind)
    else if (effect.kind === 'event') {
      this.seen.push(`event ${effect.event.kind}`)
      this.told.push(effect.event)
    } else this.seen.push(effect.kind)
    return []
  }

  /** What happened since the last look, without the heartbeats. */
  look(): string[] {
    return this.seen.splice(0).filter((what) => what !== 'beat')
  }
  begin(first: LeaseView = view): void {
    this.give({ kind: 'view', view: first })
    for (const { name } of first.groups)
      this.give({ kind: 'ready', group: name, ready: true, cutOff: false, reaches: 0, reason: '' })
    this.look()
    this.runTo(1000 + quarantineMs(timing.termMs) + 120)
  }
}
