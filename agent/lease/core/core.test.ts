/** One node alone with itself as the only voter: the order of effects, seen from its adapters. */
import { type Instant, instant, quarantineMs, seededRandom } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'
import { describe, expect, test } from 'vitest'
import { createLeaseCore, type LeaseCore } from './core.ts'
import type { LeaseEffect, LeaseInput } from './events.ts'

const timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }
const view: LeaseView = {
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
class Bench {
  readonly core: LeaseCore
  readonly seen: string[] = []
  now = instant(1000)
  wakeAt: Instant = instant(0)
  refuses = (_effect: LeaseEffect): boolean => false

  constructor() {
    this.core = createLeaseCore({
      node: 'dir1',
      incarnation: 'one',
      random: seededRandom(1),
      startedAt: this.now,
      highWater: 0,
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
    if (effect.kind === 'wake') this.wakeAt = effect.at
    else if (effect.kind === 'fence') {
      const { group, op, parts, timeoutMs } = effect
      this.seen.push(`${op} ${parts.join('+')}`)
      return [{ kind: 'fenced', group, op, parts, ok, timeoutMs, done: this.now, error }]
    } else if (effect.kind === 'address') {
      this.seen.push(`${effect.op} address`)
      return [{ kind: 'addressed', group: effect.group.name, op: effect.op, ok, error }]
    } else if (effect.kind === 'send') this.seen.push(effect.message.kind)
    else if (effect.kind === 'event') this.seen.push(`event ${effect.event.kind}`)
    else this.seen.push(effect.kind)
    return []
  }

  /** What happened since the last look, without the heartbeats. */
  look(): string[] {
    return this.seen.splice(0).filter((what) => what !== 'beat')
  }
  begin(): void {
    this.give({ kind: 'view', view })
    this.give({ kind: 'ready', group: 'web', ready: true, reason: '' })
    this.look()
    this.runTo(1000 + quarantineMs(timing) + 120)
  }
}

describe('a lone director', () => {
  test('starts closed: fence tables first, then whatever a predecessor left is taken away', () => {
    const bench = new Bench()
    bench.give({ kind: 'view', view })
    expect(bench.look()).toEqual(['fence-tables', 'close announce+serve', 'remove address', 'persist'])
    expect(bench.core.status(bench.now).groups[0]?.reason).toMatch(/^quarantine: \d+ ms left after start$/)
  })
  test('takes in order: fence open, extended, address, announcement', () => {
    const bench = new Bench()
    bench.begin()
    const taken = ['open announce+serve', 'renew announce+serve', 'add address', 'announce', 'event took']
    expect(bench.look().slice(0, 5)).toEqual(taken)
    expect(bench.core.status(bench.now)).toMatchObject({
      quorum: true,
      groups: [{ role: 'owner', owner: 'dir1', number: 1 }],
    })
    expect(bench.core.status(bench.now).groups[0]?.reason).toMatch(/^holds web by lease 1, \d+ ms left$/)
  })
  test('announces five times in a burst, then slowly', () => {
    const bench = new Bench()
    bench.begin()
    bench.runTo(70_000)
    expect(bench.look().filter((what) => what === 'announce')).toHaveLength(7)
  })
  test('gives up before it leaves: closed, address off, then the word', () => {
    const bench = new Bench()
    bench.begin()
    bench.look()
    bench.give({ kind: 'stop', reason: 'SIGTERM' })
    bench.runTo(3000)
    expect(bench.look()).toEqual(['event released', 'close announce+serve', 'remove address', 'stopped'])
  })
  test('a step after the deadline closes everything before anything else', () => {
    const bench = new Bench()
    bench.begin()
    bench.look()
    bench.now = instant(bench.now + 400)
    bench.give({ kind: 'conflict', group: 'web', mac: '02:00:00:00:00:99' })
    expect(bench.look().slice(0, 3)).toEqual(['event lost', 'close announce+serve', 'remove address'])
  })
  test('readiness that fades does not topple a holder', () => {
    const bench = new Bench()
    bench.begin()
    bench.runTo(10_000)
    expect(bench.look()).not.toContain('event lost')
    bench.give({ kind: 'ready', group: 'web', ready: false, reason: 'no ip_vs' })
    bench.runTo(10_500)
    expect(bench.core.status(bench.now).groups[0]?.role).toBe('owner')
  })
  test('an address that somebody removed comes back; a conflict is answered, not each time', () => {
    const bench = new Bench()
    bench.begin()
    bench.runTo(4000)
    bench.look()
    bench.give({ kind: 'address-lost', group: 'web' })
    expect(bench.look()).toEqual(['add address', 'event note', 'announce'])
    bench.give({ kind: 'conflict', group: 'web', mac: '02:00:00:00:00:99' })
    bench.give({ kind: 'conflict', group: 'web', mac: '02:00:00:00:00:99' })
    expect(bench.look()).toEqual(['announce', 'event note'])
  })
  test('one refused renewal is made again, two close and open again where no peer is ready, three give up', () => {
    const bench = new Bench()
    bench.begin()
    bench.look()
    let refusals = 1
    bench.refuses = (effect) => effect.kind === 'fence' && effect.op !== 'close' && refusals-- > 0
    bench.runTo(bench.now + 160)
    expect(bench.look()).toEqual(['announce', 'renew announce+serve', 'renew announce+serve', 'announce'])
    refusals = 2
    bench.runTo(bench.now + 150)
    expect(bench.look()).toEqual(
      expect.arrayContaining(['event note', 'close announce+serve', 'open announce+serve', 'event took']),
    )
    refusals = 1_000_000
    bench.runTo(bench.now + 1000)
    expect(bench.look().filter((what) => what === 'event gave-up')).toHaveLength(1)
    expect(bench.core.status(bench.now).groups[0]?.reason).toContain('its kernel refused')
  })
  test('says no to a switchover that has nowhere to go', () => {
    const bench = new Bench()
    bench.begin()
    bench.look()
    bench.give({ kind: 'switchover', group: 'web', to: null, reason: 'asked to' })
    bench.give({ kind: 'switchover', group: 'nope', to: null, reason: 'asked to' })
    expect(bench.look()).toEqual(['event refused', 'event refused'])
  })
  test('a relay to itself is delivered, one to all is sent', () => {
    const bench = new Bench()
    bench.begin()
    bench.look()
    bench.give({ kind: 'relay', to: 'dir1', payload: new Uint8Array([1]) })
    bench.give({ kind: 'relay', to: null, payload: new Uint8Array([1]) })
    expect(bench.look()).toEqual(['deliver', 'relay'])
  })
  test('the kernel that never lets go of an address keeps the fence shut', () => {
    const bench = new Bench()
    bench.refuses = (effect) => effect.kind === 'address'
    bench.begin()
    bench.runTo(3000)
    expect(bench.look()).not.toContain('open announce+serve')
  })
})
