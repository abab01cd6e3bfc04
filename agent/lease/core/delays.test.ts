/** A machine that is late says so, and which lease would do, before it loses one. */
import { DELAY_BOUNDS_MS } from '@lvsm/protocol'
import { holdMs, instant, renewalMs } from '@lvsm/base'
import { describe, expect, test } from 'vitest'
import { newDelay, noteWake } from './delays.ts'
import { Bench, timing, trio } from './fixture.ts'
import type { LeaseState } from './state.ts'

const ROOM_MS = holdMs(timing.leaseMs) - renewalMs(timing)
const late = (dir1: Bench) => dir1.core.status(dir1.now).troubles.find(({ code }) => code === 'late')
const worst = (dir1: Bench, of: 'loop' | 'renewal'): number => dir1.core.status(dir1.now).delays?.[of].worstMs ?? -1

function owner(): Bench {
  const dir1 = new Bench({ view: trio('dir1') })
  dir1.begin()
  dir1.live(600, ['rs1'])
  expect(dir1.role()).toBe('owner')
  return dir1
}
/** Its voters answer so much later than they could. */
function hold(dir1: Bench, ms: number): void {
  for (let round = 0; round < 400 && dir1.messages('request').length === 0; round++) dir1.runTo(dir1.now + 1)
  dir1.pass(ms)
  dir1.vote('rs1')
}

describe('renewals', () => {
  test('in time are no trouble', () => {
    const dir1 = owner()
    dir1.live(5000, ['rs1'])
    expect(late(dir1)).toBeUndefined()
    expect(worst(dir1, 'renewal')).toBeLessThan(20)
    const { counts = [] } = dir1.core.status(dir1.now).delays?.renewal ?? {}
    expect(counts).toHaveLength(DELAY_BOUNDS_MS.length + 1)
    expect(counts.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(20)
  })
  test('that take most of the room are one for five minutes, and name the lease that would do', () => {
    const dir1 = owner()
    hold(dir1, 0.8 * ROOM_MS)
    expect(dir1.role()).toBe('owner')
    const needed = Number(/about (\d+) ms/.exec(late(dir1)?.hint ?? '')?.[1])
    expect(late(dir1)?.message).toMatch(/a renewal came \d+ ms late, and a lease of 350 ms bears no more than 181 ms$/)
    expect(needed).toBeGreaterThan(timing.leaseMs)
    expect(needed).toBeLessThan(2 * timing.leaseMs)
    expect(late(dir1)).toMatchObject({ evidence: 'once within the last minutes' })
    expect(late(dir1)).not.toHaveProperty('pastMs')
    dir1.live(4 * 60_000, ['rs1'])
    expect(late(dir1)?.pastMs).toBeGreaterThanOrEqual(230_000)
    dir1.live(2 * 60_000, ['rs1'])
    expect(late(dir1)).toBeUndefined()
  })
  test('are no trouble for ever of a node that owns nothing since', () => {
    const dir1 = owner()
    hold(dir1, 0.8 * ROOM_MS)
    dir1.pass(60_000)
    expect(dir1.role()).not.toBe('owner')
    expect(late(dir1)).toBeDefined()
    dir1.pass(5 * 60_000)
    expect(late(dir1)).toBeUndefined()
  })
  test('that nobody answered are no delay of this machine', () => {
    const dir1 = owner()
    dir1.pass(5000)
    expect(dir1.role()).not.toBe('owner')
    expect(late(dir1)).toBeUndefined()
  })
})

describe('the loop', () => {
  const stalled = (ms: number): Bench => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    rs1.pass(1000)
    rs1.now = instant(rs1.wakeAt + ms)
    rs1.runTo(rs1.now)
    return rs1
  }
  test('is counted up to each bound, and beyond the last', () => {
    const last = DELAY_BOUNDS_MS.at(-1) ?? 0
    const counts = (ms: number) => stalled(ms).core.status(stalled(ms).now).delays?.loop.counts.slice(-2)
    expect([counts(last), counts(last + 1)]).toEqual([
      [1, 0],
      [0, 1],
    ])
  })
  test('that stood still for longer than any lease lasts has no lease that would do', () => {
    expect(late(stalled(20_000))?.hint).toMatch(/a longer lease would not do: none may last longer than \d+ s$/)
    expect(late(stalled(400))?.hint).toMatch(/needs about \d+ ms/)
  })
  test('is remembered for so many minutes, however long it runs', () => {
    const delays = { loop: newDelay(), renewal: newDelay() }
    for (let minute = 0; minute < 100; minute++)
      noteWake({ delays, wakeAt: 1, now: 1 + 60_000 * minute } as unknown as LeaseState)
    expect(delays.loop.worst.length).toBeLessThanOrEqual(5)
  })
  test('that stood still is named on every node, also one that owns nothing', () => {
    const rs1 = new Bench({ view: trio('rs1') })
    rs1.begin()
    rs1.pass(1000)
    expect(worst(rs1, 'loop')).toBe(0)
    rs1.now = (rs1.wakeAt + 400) as never
    rs1.runTo(rs1.now)
    expect(worst(rs1, 'loop')).toBe(400)
    expect(late(rs1)?.message).toMatch(/the lease process stood still for 400 ms/)
  })
})

describe('a lease that ran out says why', () => {
  const lost = (dir1: Bench) => dir1.told.filter(({ kind }) => kind === 'lost').map(({ reason }) => reason)
  test('voters that did not grant are named', () => {
    const dir1 = owner()
    dir1.pass(1000)
    expect(lost(dir1)).toEqual([
      expect.stringMatching(/^no majority renewed lease \d+ of web in time: without the votes of dir2, rs1$/),
    ])
  })
  test('a process that stood still blames nobody else, also where a datagram comes before its timer', () => {
    const dir1 = owner()
    dir1.live(500, ['rs1'])
    dir1.now = instant(dir1.wakeAt + timing.leaseMs + 100)
    dir1.vote('rs1')
    dir1.runTo(dir1.now + 1)
    expect(lost(dir1)).toEqual([
      expect.stringMatching(
        /^no majority renewed lease \d+ of web in time: this process stood still for 450 ms, longer than the 91 ms that a lease of 350 ms bears$/,
      ),
    ])
  })
  test('a standstill that is too short for it is told beside the votes that were missing, with what a lease bears', () => {
    const dir1 = owner()
    dir1.now = instant(dir1.wakeAt + 60)
    dir1.runTo(dir1.now)
    dir1.pass(1000)
    expect(lost(dir1)).toEqual([
      expect.stringMatching(
        /in time: without the votes of dir2, rs1 \(this process stood still for 60 ms, no longer than the 91 ms that a lease of 350 ms bears\)$/,
      ),
    ])
  })
  test('one just above what a lease bears is why it was lost, and was warned of as such', () => {
    const dir1 = owner()
    dir1.now = instant(dir1.wakeAt + 100)
    dir1.runTo(dir1.now + 1)
    expect(lost(dir1)).toEqual([
      expect.stringMatching(/stood still for 100 ms, longer than the 91 ms that a lease of 350 ms bears$/),
    ])
    expect(late(dir1)?.message).toMatch(/stood still for 100 ms, and a lease of 350 ms bears no more than 91 ms$/)
  })
  test('a standstill that the lease outlived is not why it ran out later', () => {
    const dir1 = owner()
    dir1.now = instant(dir1.wakeAt + 60)
    dir1.runTo(dir1.now)
    dir1.live(500, ['rs1'])
    dir1.pass(1000)
    expect(lost(dir1)).toEqual([expect.stringContaining('without the votes of dir2, rs1')])
  })
})
