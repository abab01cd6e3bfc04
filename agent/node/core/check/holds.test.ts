/** What the options of a check do to a pool: pace, cap on ejections, damping of flapping, slow start. */
import { SAMPLE } from '@lvsm/model'
import { expect, it } from 'vitest'
import { dests, goesOn, node, statusOf } from '../fixture.ts'

const ADDRESSES = { rs1: '10.11.0.11', rs2: '10.11.0.12', rs3: '10.12.0.13' } as const

function director(options: string, weight = 1) {
  const check = `check: { type: tcp, interval: 500ms, timeout: 300ms, fall: 2, rise: 2, ${options} }`
  const one = node(
    'dir1',
    undefined,
    SAMPLE.replace(/check: \{[^}]*\}/, check).replaceAll('weight: 1', `weight: ${weight}`),
  )
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

it('one that fails for the third time is held out for a while, told of, and comes back by itself', () => {
  const one = director('flap-hold: 30s')
  for (let times = 0; times < 2; times++) one.fails('rs1')
  expect([dests(one)[ADDRESSES.rs1], one.codes()]).toEqual([1, []])
  one.fails('rs1')
  expect([dests(one)[ADDRESSES.rs1] ?? 0, one.codes()]).toEqual([0, ['flapping']])
  expect(one.reasons()[0]).toBe('connected; held out, because it fails again and again')
  one.on(31_000)
  expect([dests(one)[ADDRESSES.rs1], one.codes(), one.reasons()[0]]).toEqual([1, [], 'connected'])
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
