/** One node alone with itself as the only voter: the order of effects, seen from its adapters. */
import { instant } from '@lvsm/base'

import { describe, expect, test } from 'vitest'
import { Bench, ready, view } from './fixture.ts'

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
    bench.give(ready({ ready: false, reason: 'no ip_vs' }))
    bench.runTo(10_500)
    expect(bench.core.status(bench.now).groups[0]?.role).toBe('owner')
  })
  test('who is cut off keeps the group where nobody else is ready', () => {
    const bench = new Bench()
    bench.begin()
    bench.give(ready({ ready: false, interfaceDown: true, reason: 'interface outside is down' }))
    bench.runTo(bench.now + 3000)
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
  test('an address that is removed without end comes back each time, and fills neither history nor network', () => {
    const bench = new Bench()
    bench.begin()
    bench.runTo(4000)
    bench.look()
    for (let times = 0; times < 6000; times++) {
      bench.give({ kind: 'address-lost', group: 'web' })
      bench.pass(10)
    }
    const seen = bench.look()
    expect(seen.filter((what) => what === 'add address').length).toBeGreaterThanOrEqual(6000)
    expect(seen.filter((what) => what === 'event note')).toHaveLength(6)
    expect(seen.filter((what) => what === 'announce').length).toBeLessThan(600)
  })
  test('one that is taken off again and again is fought over, by its name, until a minute after', () => {
    const bench = new Bench()
    bench.begin()
    bench.runTo(4000)
    const fought = () => bench.core.status(bench.now).troubles.filter(({ code }) => code === 'fought-over')
    const where = ['10.11.0.10 on outside']
    for (let times = 0; times < 2; times++) {
      bench.give({ kind: 'address-lost', group: 'web', where })
      bench.pass(2000)
    }
    expect(fought()).toEqual([])
    bench.give({ kind: 'address-lost', group: 'web', where })
    expect(fought()).toMatchObject([
      {
        object: 'address 10.11.0.10 on outside',
        message: `somebody takes 10.11.0.10 on outside (group web) away from ${bench.view.node} again and again, and it is put back each time`,
        evidence: '3 times within the last minute',
      },
    ])
    expect(bench.told.at(-1)?.reason).toBe('10.11.0.10 on outside was removed by somebody, and put back')
    expect(fought()[0]).not.toHaveProperty('pastMs')
    bench.pass(25_000)
    expect(fought()).toMatchObject([{ pastMs: 20_000 }])
    bench.pass(31_500)
    expect(fought()).toEqual([])
  })
  test('many of one group are one trouble, and what was taken off long ago leaves room for others', () => {
    const bench = new Bench()
    bench.begin()
    bench.runTo(4000)
    const named = (many: number, from = 0) => Array.from({ length: many }, (_, at) => `10.11.1.${from + at} on outside`)
    const taken = (where: readonly string[]): void => {
      for (let times = 0; times < 3; times++) {
        bench.give({ kind: 'address-lost', group: 'web', where })
        bench.pass(2000)
      }
    }
    const fought = () => bench.core.status(bench.now).troubles.filter(({ code }) => code === 'fought-over')
    taken(named(64))
    expect(fought()).toMatchObject([
      {
        object: 'group web',
        message: expect.stringMatching(
          /10\.11\.1\.0 on outside, .* and 60 more \(group web\) away .* they are put back/,
        ),
      },
    ])
    bench.pass(60_000)
    expect(fought()).toEqual([])
    taken(named(1, 100))
    expect(fought()).toMatchObject([{ object: 'address 10.11.1.100 on outside' }])
  })
  test('one that goes on is answered each time, and does not fill the history', () => {
    const bench = new Bench()
    bench.begin()
    const rival = (mac: string): void => {
      bench.give({ kind: 'conflict', group: 'web', mac })
      bench.pass(500)
    }
    bench.pass(1000)
    bench.look()
    for (let times = 0; times < 600; times++) rival('02:00:00:00:00:99')
    const seen = bench.look()
    expect(seen.filter((what) => what === 'announce').length).toBeGreaterThanOrEqual(600)
    expect(seen.filter((what) => what === 'event note')).toHaveLength(5)
    for (let times = 0; times < 600; times++) rival(`02:00:00:00:${times >> 8}:${times & 255}`)
    expect(bench.look().filter((what) => what === 'event note').length).toBeLessThanOrEqual(61)
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
