/** Drain and stop with a deadline: who stays in the table for how long, and what is said of when it is done. */
import type { Facts } from '@lvsm/protocol'
import { SAMPLE } from '@lvsm/model'
import { describe, expect, it } from 'vitest'
import { configOf, dests, goesOn, node, statusOf, WALL_MS } from '../fixture.ts'

const RS1 = '10.11.0.11'
const TEMPLATES = 'net/ipv4/vs/expire_quiescent_template'

type Word = { readonly intent: 'drain' | 'stop'; readonly deadlineMs?: number }
const factsOf = (number: number, word: Word | null): Facts => ({
  number,
  list: word
    ? [
        {
          subject: { kind: 'server', node: 'rs1', service: null },
          ...{ author: 'ann', since: WALL_MS, until: null, comment: '', number },
          ...word,
        },
      ]
    : [],
  ends: [],
})

function owner(text = SAMPLE) {
  const one = node('dir1', undefined, text)
  one.feed({ kind: 'lease-up' })
  const on = (ms: number): void => goesOn(one, ms, statusOf('dir1', 'dir1'))
  on(3000)
  let number = 0
  const wants = (word: Word | null): void => {
    number += 1
    one.feed({ kind: 'config', config: configOf(text), secrets: new Map(), facts: factsOf(number, word) })
  }
  const has = (active: number): void => {
    const { services } = one.kern.state
    one.kern.state.services = services.map((service) => ({
      ...service,
      dests: service.dests.map((dest) => (dest.address === RS1 ? { ...dest, active } : dest)),
    }))
  }
  const said = () => one.core.status(one.now()).services[0]?.realservers[0]
  const isThere = (): boolean => Object.keys(dests(one)).includes(RS1)
  return { one, on, wants, has, said, isThere }
}

describe('a stop with a deadline', () => {
  it('leaves established connections until then, by the own clock, and cuts off what is left', () => {
    const { on, wants, has, said, isThere } = owner()
    has(5)
    wants({ intent: 'stop', deadlineMs: 60_000 })
    on(58_000)
    expect([isThere(), said()]).toMatchObject([true, { state: 'stopping', weight: 0, active: 5 }])
    expect(said()?.wanted?.deadline).toBe(WALL_MS + 60_000)
    on(5000)
    expect([isThere(), said()?.state]).toEqual([false, 'stopped'])
  })
  it('is done as soon as nothing is established', () => {
    const { on, wants, has, isThere } = owner()
    has(5)
    wants({ intent: 'stop', deadlineMs: 600_000 })
    on(30_000)
    expect(isThere()).toBe(true)
    has(0)
    on(3000)
    expect(isThere()).toBe(false)
  })
  it('counts from itself on, however long it was drained before; without one it is cut off at once', () => {
    const { on, wants, has, isThere } = owner()
    has(5)
    wants({ intent: 'drain' })
    on(30_000)
    wants({ intent: 'stop', deadlineMs: 20_000 })
    on(15_000)
    expect(isThere()).toBe(true)
    on(8000)
    expect(isThere()).toBe(false)
    const other = owner()
    other.has(5)
    other.wants({ intent: 'drain', deadlineMs: 10_000 })
    other.on(60_000)
    expect(other.isThere(), 'it is for the coordinators to make a stop of it').toBe(true)
    other.wants({ intent: 'stop' })
    other.on(2000)
    expect(other.isThere()).toBe(false)
  })
  it('brings no client back by persistence, and leaves the setting as it was', () => {
    const { one, on, wants, has } = owner(SAMPLE.replace('scheduler: wrr', 'scheduler: wrr\n    persistence: 5m'))
    const setting = () => one.kern.state.sysctls.get(TEMPLATES)
    has(5)
    wants({ intent: 'drain' })
    on(5000)
    expect(setting(), 'a drain honours persistence').toBeUndefined()
    wants({ intent: 'stop', deadlineMs: 30_000 })
    on(5000)
    expect(setting()).toBe('1')
    on(40_000)
    expect(setting(), 'as the kernel had it').toBe('7')
  })
  it('leaves that setting alone where nothing is persistent', () => {
    const { one, on, wants, has } = owner()
    has(5)
    wants({ intent: 'stop', deadlineMs: 30_000 })
    on(10_000)
    expect(one.kern.state.sysctls.has(TEMPLATES)).toBe(false)
  })
})

describe('a drained one that dies', () => {
  it('keeps its place while it has connections, and leaves its persistent clients to others after that', () => {
    const { one, on, wants, has, isThere } = owner(
      SAMPLE.replace('scheduler: wrr', 'scheduler: wrr\n    persistence: 5m'),
    )
    has(5)
    wants({ intent: 'drain' })
    on(5000)
    one.alive.delete(RS1)
    on(20_000)
    expect(isThere(), 'its server may have closed the port').toBe(true)
    has(0)
    on(5000)
    expect(isThere()).toBe(false)
    on(60_000)
    expect(isThere(), 'and stays away').toBe(false)
    one.alive.add(RS1)
    on(10_000)
    expect(dests(one)[RS1], 'its persistent clients may come back to it').toBe(0)
  })
  it('stays while its check passes', () => {
    const { on, wants, has, isThere } = owner()
    has(0)
    wants({ intent: 'drain' })
    on(60_000)
    expect(isThere()).toBe(true)
  })
})

describe('one that fails', () => {
  const lingering = (options: string, more = ''): string =>
    SAMPLE.replace('rise: 2', `rise: 2${options}`).replace('scheduler: wrr', `scheduler: wrr${more}`)

  it('has its connections cut off after three seconds, or as late as its check says, and takes no new ones', () => {
    const longest = (options: string): number => {
      const { one, on, has, isThere } = owner(lingering(options))
      has(5)
      one.alive.delete(RS1)
      let atZero = 0
      for (; isThere() && atZero < 900; atZero += dests(one)[RS1] === 0 ? 1 : 0) on(100)
      return atZero / 10
    }
    const [usual, longer] = [longest(''), longest(', down-linger: 1m')]
    expect([usual > 2, usual < 6, longer > 58, longer < 64]).toEqual([true, true, true, true])
  })
  it('is gone as soon as nothing is established, and back with all that it has where it is well before', () => {
    const { one, on, has, isThere } = owner(lingering(', down-linger: 10m'))
    has(5)
    one.alive.delete(RS1)
    on(60_000)
    expect(dests(one)[RS1]).toBe(0)
    one.alive.add(RS1)
    on(5000)
    expect(dests(one)[RS1]).toBe(1)
    one.alive.delete(RS1)
    on(30_000)
    has(0)
    on(3000)
    expect(isThere()).toBe(false)
  })
  it('brings no client back by persistence meanwhile', () => {
    const { one, on, has } = owner(lingering(', down-linger: 1m', '\n    persistence: 5m'))
    const setting = () => one.kern.state.sysctls.get(TEMPLATES)
    has(5)
    on(2000)
    expect(setting()).toBeUndefined()
    one.alive.delete(RS1)
    on(20_000)
    expect(setting()).toBe('1')
    on(60_000)
    expect(setting(), 'as the kernel had it').toBe('7')
  })
  it('keeps what a stop says: three seconds without a deadline', () => {
    const { on, wants, has, isThere } = owner(lingering(', down-linger: 10m'))
    has(5)
    wants({ intent: 'stop' })
    on(6000)
    expect(isThere()).toBe(false)
  })
})

describe('where weight 0 refuses clients', () => {
  it('one that failed leaves the table at once', () => {
    const lingering = (scheduler: string): number => {
      const { one, on, has, isThere } = owner(SAMPLE.replace('scheduler: wrr', `scheduler: ${scheduler}`))
      has(5)
      one.alive.delete(RS1)
      let atZero = 0
      for (let at = 0; at < 100; at += 1) {
        on(100)
        if (isThere() && dests(one)[RS1] === 0) atZero += 1
      }
      expect(isThere()).toBe(false)
      return atZero
    }
    expect([lingering('sh') > 20, lingering('dh')]).toEqual([true, 0])
  })
})

describe('when it is done', () => {
  it('is not known at first, then from how fast connections went away, and nothing once it serves', () => {
    const { on, wants, has, said } = owner()
    has(100)
    wants({ intent: 'drain' })
    on(4000)
    expect(said()).toMatchObject({ state: 'draining', doneInMs: null })
    for (let left = 95; left > 40; left -= 5) {
      has(left)
      on(2000)
    }
    const inMs = said()?.doneInMs ?? 0
    expect([inMs > 30_000, inMs < 300_000]).toEqual([true, true])
    has(0)
    on(2000)
    expect(said()).toMatchObject({ state: 'drained', doneInMs: 0 })
    wants(null)
    on(2000)
    expect(said()).not.toHaveProperty('doneInMs')
  })
  it('is not known of one that nobody leaves', () => {
    const { on, wants, has, said } = owner()
    has(7)
    wants({ intent: 'drain' })
    on(120_000)
    expect(said()).toMatchObject({ active: 7, doneInMs: null })
  })
})
