/** What the options of a check do to a pool: pace, cap on ejections, damping of flapping, slow start. */
import { SAMPLE } from '@lvsm/model'
import { type Facts, isRefused } from '@lvsm/protocol'
import { applyIntent, NO_FACTS } from '@lvsm/changes'
import { describe, expect, it } from 'vitest'
import { configOf, dests, goesOn, node, statusOf } from '../fixture.ts'

const ADDRESSES = { rs1: '10.11.0.11', rs2: '10.11.0.12', rs3: '10.12.0.13' } as const

const textOf = (options: string, weight: number): string =>
  SAMPLE.replace(
    /check: \{[^}]*\}/,
    `check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2, ${options} }`,
  ).replaceAll('weight: 1', `weight: ${weight}`)

function director(options: string, weight = 1) {
  const one = node('dir1', undefined, textOf(options, weight))
  one.feed({ kind: 'lease-up' })
  const on = (ms: number): void => goesOn(one, ms, statusOf('dir1', 'dir1'))
  on(3000)
  const fails = (name: keyof typeof ADDRESSES): void => {
    one.alive.delete(ADDRESSES[name])
    on(3000)
    one.alive.add(ADDRESSES[name])
    on(3000)
  }
  const reasons = () => one.core.checks(one.now()).checks.map(({ reason }) => reason)
  const codes = () => one.core.status(one.now()).troubles.map(({ code }) => code)
  return Object.assign(one, { on, fails, reasons, codes })
}

it('a realserver that is down is asked more seldom, and one about to change more often', () => {
  const one = director('fast-interval: 100ms, down-interval: 5s, jitter: 0')
  one.take('check')
  one.alive.delete(ADDRESSES.rs1)
  one.on(10_000)
  const asked = one.take('check').filter(({ address }) => address === ADDRESSES.rs1)
  expect([3, 4]).toContain(asked.length)
  one.alive.add(ADDRESSES.rs1)
  one.on(5500)
  expect(dests(one)[ADDRESSES.rs1]).toBe(1)
})

it('of a pool no more leave than the cap lets, and who stays says why', () => {
  const one = director('max-ejection: 40')
  for (const name of ['rs1', 'rs2'] as const) one.alive.delete(ADDRESSES[name])
  one.on(6000)
  expect(Object.keys(dests(one))).toHaveLength(2)
  expect(one.reasons().filter((reason) => reason.includes('no more than 40 % may be out at once'))).toHaveLength(1)
})

it('in a panic all serve, and say why; it ends when enough are well', () => {
  const one = director('panic: 50')
  one.alive.delete(ADDRESSES.rs1)
  one.on(6000)
  expect(Object.values(dests(one)).filter((weight) => weight > 0)).toHaveLength(2)
  one.alive.delete(ADDRESSES.rs2)
  one.on(6000)
  expect(Object.values(dests(one)).filter((weight) => weight > 0)).toHaveLength(3)
  expect(one.reasons().filter((reason) => reason.includes('because fewer than 50 % are well'))).toHaveLength(2)
  one.alive.add(ADDRESSES.rs2)
  one.on(6000)
  expect([dests(one)[ADDRESSES.rs1] ?? 0, dests(one)[ADDRESSES.rs2]]).toEqual([0, 1])
})

it('one that fails for the third time is held out for a while, told of, and comes back by itself', () => {
  const one = director('flap-hold: 30s')
  for (let times = 0; times < 2; times++) one.fails('rs1')
  expect([dests(one)[ADDRESSES.rs1], one.codes()]).toEqual([1, []])
  one.fails('rs1')
  expect([dests(one)[ADDRESSES.rs1] ?? 0, one.codes()]).toEqual([0, ['flapping']])
  expect(one.reasons()[0]).toMatch(/^connected; held out, because it fails again and again \(last: .+, \d times\)$/)
  one.on(31_000)
  expect([dests(one)[ADDRESSES.rs1], one.codes(), one.reasons()[0]]).toEqual([1, [], 'connected'])
})

it('one whose last answer speaks against its verdict says what that rests on, and what it takes', () => {
  const one = director('down-interval: 500ms, fast-interval: 500ms, jitter: 0')
  const told = () => one.core.status(one.now()).services[0]?.realservers[0]
  const until = (is: (server: NonNullable<ReturnType<typeof told>>) => boolean): string => {
    for (let ms = 0; ms < 5000; ms += 10) {
      const server = told()
      if (server && is(server)) return server.reason
      one.on(10)
    }
    return 'never'
  }
  one.alive.delete(ADDRESSES.rs1)
  expect(until(({ reason }) => reason !== 'connected')).toBe('refused (1 of 2 in a row that take it out)')
  expect(until(({ healthy }) => healthy === false)).toBe('refused')
  one.alive.add(ADDRESSES.rs1)
  const back = until(({ reason }) => reason.includes('connected'))
  expect(back).toMatch(/^refused, \d times; the last one: connected \(1 of 2 that bring it back\)$/)
  expect(isRefused(back), 'an answer came').toBe(false)
  expect(until(({ healthy }) => healthy === true)).toMatch(
    /^connected; it failed before that: refused, \d times; it is to serve, and had no weight at the last look$/,
  )
  expect(until(({ weight }) => weight > 0)).toBe('connected')
})

it('one that is held out serves where nobody else is well', () => {
  const one = director('flap-hold: 30s')
  for (let times = 0; times < 3; times++) one.fails('rs1')
  for (const name of ['rs2', 'rs3'] as const) one.alive.delete(ADDRESSES[name])
  one.on(4000)
  expect(Object.entries(dests(one)).filter(([, weight]) => weight > 0)).toEqual([[ADDRESSES.rs1, 1]])
  expect(one.reasons()[0]).toMatch(/serves although it fails again and again/)
})

it('the weight of one that came back grows, and of the only one it does not', () => {
  const one = director('slow-start: 20s', 100)
  expect(dests(one)[ADDRESSES.rs1], 'nor at the own start').toBe(100)
  one.alive.delete(ADDRESSES.rs1)
  one.on(5000)
  one.alive.add(ADDRESSES.rs1)
  const seen: number[] = []
  for (let second = 0; second < 25; second++) {
    one.on(1000)
    seen.push(dests(one)[ADDRESSES.rs1] ?? 0)
  }
  expect(seen).toEqual(seen.toSorted((low, high) => low - high))
  expect([new Set(seen).size > 5, seen.at(-1), seen[5]]).toEqual([true, 100, expect.toSatisfy((at: number) => at < 50)])
  for (const address of Object.values(ADDRESSES)) one.alive.delete(address)
  one.on(5000)
  one.alive.add(ADDRESSES.rs2)
  one.on(2500)
  expect(dests(one)[ADDRESSES.rs2]).toBe(100)
})

describe('slow start of one that others served for', () => {
  const TEXT = textOf('slow-start: 20s', 100)
  const WITHOUT = TEXT.replace(/ {6}- \{ node: rs1, .*\n/, '')
  function owner(text = TEXT) {
    const one = node('dir1', undefined, text)
    one.feed({ kind: 'lease-up' })
    const on = (ms: number): void => goesOn(one, ms, statusOf('dir1', 'dir1'))
    on(3000)
    let facts: Facts = NO_FACTS
    const follows = (file: string, wanted = facts): void => {
      facts = wanted
      one.feed({ kind: 'config', config: configOf(file), secrets: new Map(), facts })
    }
    const says = (verb: 'drain' | 'stop' | 'enable', name: string): void => {
      const command = {
        model: 1,
        verb,
        subject: { kind: 'server', node: name, service: null },
        forMs: null,
        comment: '',
      } as const
      const said = applyIntent(facts, command, { finalized: 1, author: 'ann', now: 1, config: configOf(text) })
      if (said.refusals) throw new Error(JSON.stringify(said.refusals))
      follows(text, said.facts)
    }
    /** Weights as they are after each of so many seconds. */
    const weights = (seconds: number, name: keyof typeof ADDRESSES = 'rs1'): number[] =>
      Array.from({ length: seconds }, () => {
        on(1000)
        return dests(one)[ADDRESSES[name]] ?? 0
      })
    return { one, on, follows, says, weights }
  }
  const grows = (seen: readonly number[]): void => {
    expect(seen).toEqual(seen.toSorted((low, high) => low - high))
    expect([seen[4], seen.at(-1)]).toEqual([expect.toSatisfy((at: number) => at < 50), 100])
  }
  it.each(['drain', 'stop'] as const)('after %s and enable', (verb) => {
    const { says, on, weights } = owner()
    says(verb, 'rs1')
    on(5000)
    expect(weights(1)).toEqual([0])
    says('enable', 'rs1')
    grows(weights(25))
  })
  it('of one that is new, and nobody else grows with it', () => {
    const { follows, weights, one } = owner(WITHOUT)
    follows(TEXT)
    grows(weights(28))
    expect(dests(one)[ADDRESSES.rs2]).toBe(100)
  })
  it('of one that had weight 0', () => {
    const { follows, weights } = owner(TEXT.replace('forward: dr, weight: 100', 'forward: dr, weight: 0'))
    follows(TEXT)
    grows(weights(25))
  })
  it('is none of a service that is new, nor of one that went on while anything else changed', () => {
    const { follows, weights, says } = owner(TEXT)
    says('drain', 'rs3')
    expect(weights(3)).toEqual([100, 100, 100])
    const more = TEXT.concat(
      '  - { name: more, group: web, address: 10.11.0.10, port: 81, protocol: tcp, scheduler: wlc, check: { type: none }, realservers: [{ node: rs1, address: 10.11.0.11, forward: dr }] }\n',
    )
    follows(more)
    expect(weights(3)).toEqual([100, 100, 100])
  })
  it('is none at the own start and at a takeover: who was drained before is all that grows', () => {
    const one = node('dir2', undefined, TEXT)
    one.feed({ kind: 'lease-up' })
    goesOn(one, 5000, statusOf('dir2', 'dir1'))
    goesOn(one, 1000, statusOf('dir2', 'dir2'))
    expect(new Set(Object.values(dests(one)))).toEqual(new Set([100]))
  })
})
