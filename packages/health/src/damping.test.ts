/** Pace, flapping, cap and floor under every schedule of failures that a seed makes. */
import { instant, seededRandom } from '@lvsm/base'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jittered, paceOf } from './pace.ts'
import {
  fell,
  finish,
  FLAPPING,
  type Health,
  isHeld,
  judge,
  LONGEST_HOLD_MS,
  newSchedule,
  nextCheckAt,
  rampedWeight,
  serve,
  servedBefore,
  setPace,
  setTargets,
  STEADY,
  takeDue,
  UNCHECKED,
} from './index.ts'

const PACES = { intervalMs: 1000, fastIntervalMs: 200, downIntervalMs: 5000 }
const well: Health = { healthy: true, against: 0, reason: '' }

it.each<[Health, number]>([
  [UNCHECKED, 1000],
  [well, 1000],
  [{ ...well, against: 1 }, 200],
  [{ ...well, healthy: false }, 5000],
  [{ ...well, healthy: false, against: 1 }, 200],
])('the pace of %j is %i ms', (health, ms) => expect(paceOf(health, PACES)).toBe(ms))

describe('a schedule', () => {
  it('follows a pace, beginning with the wait that is under way', () => {
    const schedule = newSchedule()
    setTargets(schedule, [{ id: 'a', intervalMs: 1000, timeoutMs: 100 }], instant(0))
    takeDue(schedule, instant(0))
    finish(schedule, 'a', instant(40))
    setPace(schedule, 'a', 200, instant(50))
    expect(nextCheckAt(schedule)).toBe(200)
    takeDue(schedule, instant(200))
    finish(schedule, 'a', instant(210))
    setPace(schedule, 'a', 5000, instant(210))
    expect(nextCheckAt(schedule)).toBe(5200)
    setPace(schedule, 'a', 100, instant(900))
    expect(nextCheckAt(schedule), 'at once, where that is over').toBe(900)
  })

  it('asks thousands of new ones one after the other, all within their interval', () => {
    const schedule = newSchedule()
    const targets = Array.from({ length: 4000 }, (_, at) => ({ id: `${at}`, intervalMs: 2000, timeoutMs: 100 }))
    setTargets(schedule, targets, instant(0))
    expect(takeDue(schedule, instant(0))).toHaveLength(32)
    expect(takeDue(schedule, instant(1000))).toHaveLength(1000)
    expect(takeDue(schedule, instant(1999)).length).toBe(999)
    expect(takeDue(schedule, instant(2000)).filter(({ id }) => Number(id) >= 2031)).toHaveLength(4000 - 2031)
  })

  it('shortens intervals by its jitter, the same for the same seed, and never makes one longer', () => {
    const times = (seed: string): number[] => {
      const schedule = newSchedule(seed)
      setTargets(schedule, [{ id: 'a', intervalMs: 1000, timeoutMs: 100, jitter: 0.1 }], instant(0))
      return Array.from({ length: 50 }, () => {
        const at = nextCheckAt(schedule) ?? instant(0)
        takeDue(schedule, at)
        finish(schedule, 'a', at)
        return at
      })
    }
    const [one, again, other] = [times('dir1'), times('dir1'), times('dir2')]
    expect(one).toEqual(again)
    expect(one).not.toEqual(other)
    for (const [at, time] of one.entries()) {
      const gap = time - (one[at - 1] ?? time - 1000)
      expect(gap).toBeGreaterThan(899.9)
      expect(gap).toBeLessThanOrEqual(1000)
    }
    expect(jittered(1000, 0, { seed: '', id: '', round: 1 })).toBe(1000)
  })
})

describe('a slow start', () => {
  it.each([
    [100, null, 20_000, 100],
    [100, 0, 20_000, 10],
    [100, 9999, 20_000, 50],
    [100, 10_000, 20_000, 60],
    [100, 20_000, 20_000, 100],
    [3, 0, 20_000, 1],
    [1, 0, 20_000, 1],
    [0, 0, 20_000, 0],
    [100, 0, 0, 100],
  ])('weight %i, %j ms after it came back, of %i ms: %i', (weight, sinceMs, ms, now) =>
    expect(rampedWeight(weight, sinceMs, ms)).toBe(now),
  )
})

describe('flapping', () => {
  it('holds longer each time, up to a bound, and is forgotten', () => {
    let flap = STEADY
    const holds: number[] = []
    for (let times = 0; times < 14; times++) {
      flap = fell(flap, instant(times * 1000), 30_000)
      holds.push(flap.heldUntil === null ? 0 : flap.heldUntil - times * 1000)
    }
    expect(holds.slice(0, 5)).toEqual([0, 0, 30_000, 60_000, 90_000])
    expect(Math.max(...holds)).toBe(LONGEST_HOLD_MS)
    expect(fell(flap, instant(14_000 + FLAPPING.withinMs), 30_000).heldUntil).toBeNull()
    expect(fell(fell(fell(STEADY, instant(0), 0), instant(1), 0), instant(2), 0).heldUntil).toBeNull()
  })

  it('costs bounded work: whatever its server does for two hours, it comes and goes a few times', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 120 }), (seed, periodS) => {
        const random = seededRandom(seed)
        let [health, flap, changes, serving, ok] = [servedBefore(true), STEADY, 0, true, true]
        for (let now = 0; now < 7_200_000; now += 1000) {
          if (random.next() < 1 / periodS) ok = !ok
          const before = health.healthy
          health = judge(health, { ok, reason: '' }, { fall: 2, rise: 2 })
          if (before === true && health.healthy === false) flap = fell(flap, instant(now), 30_000)
          const serves = health.healthy === true && !isHeld(flap, instant(now))
          if (serves !== serving) changes += 1
          serving = serves
        }
        // Two failures are free in any ten minutes, and each further one is followed by a hold of 30 s at least, growing.
        return changes <= 2 * (2 * 12 + 7_200_000 / 60_000)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a pool', () => {
  const run = (rounds: readonly (readonly (boolean | null)[])[], maxEjection: number, held: readonly boolean[]) => {
    let last: ReadonlySet<string> = new Set(rounds[0]?.map((_, at) => `${at}`))
    return rounds.map((round) => {
      const members = round.map((healthy, at) => ({
        id: `${at}`,
        health: { ...well, healthy },
        held: held[at] === true,
      }))
      const pool = serve(members, last, { keepLast: true, maxEjection })
      const before = last
      last = pool.serving
      return { pool, before, members }
    })
  }
  const round = fc.array(fc.option(fc.boolean()), { minLength: 6, maxLength: 6 })
  const held = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 })

  it('is never emptied, nor taken below its cap by one step, whatever fails and whoever is held', () => {
    fc.assert(
      fc.property(fc.array(round, { minLength: 1 }), fc.integer({ min: 1, max: 100 }), held, (rounds, cap, holds) =>
        run(rounds, cap, holds).every(({ pool, before, members }) => {
          const most = Math.max(1, Math.floor((6 * cap) / 100))
          const wasOut = 6 - before.size
          const unknown = members.filter(({ health }) => health.healthy === null).length
          return pool.serving.size > 0 && 6 - pool.serving.size <= Math.max(most, wasOut) + unknown
        }),
      ),
      { numRuns: 500 },
    )
  })
  it.each<readonly [readonly (boolean | null)[], number, readonly number[], string, string]>([
    [[true, true, false, false], 50, [], '01', 'half of them are well: no panic'],
    [[true, false, false, false], 50, [], '0123', 'fewer are: all serve, also who was out'],
    [[false, false, false, false], 1, [], '0123', 'nobody is: one per cent is enough'],
    [[true, false, false, null], 50, [], '0', 'who was not asked yet is hoped for'],
    [[null, false, false, false], 50, [], '0123', 'who was not asked yet, and served, goes on'],
    [[true, true, false, false], 50, [0], '0123', 'who is held out is not counted, and serves as all do'],
    [[true, true, true, true], 50, [0, 1, 2], '0123', 'three are held out: too few are left'],
    [[true, false, false, false], 0, [], '0', 'none is asked for'],
  ])('of %j with panic %i, held %j, serve %s: %s', (healthy, panic, heldOut, serve_) => {
    const members = healthy.map((one, at) => ({
      id: `${at}`,
      health: { ...well, healthy: one },
      held: heldOut.includes(at),
    }))
    const pool = serve(members, new Set(['0', '1']), { keepLast: false, panic })
    expect([...pool.serving].sort().join('')).toBe(serve_)
    expect(pool.kept).toEqual(
      new Set(pool.panics ? members.filter((one) => one.health.healthy === false).map(({ id }) => id) : []),
    )
  })
  it('brings nobody back by its cap, and everybody by a check', () => {
    const [first, second, third] = run(
      [
        [false, false, true, true, true, true],
        [false, false, false, true, true, true],
        [true, true, true, true, true, true],
      ],
      40,
      [],
    )
    expect([...(first?.pool.serving ?? [])]).toEqual(['2', '3', '4', '5'])
    expect([...(second?.pool.kept ?? [])]).toEqual(['2'])
    expect([third?.pool.serving.size, third?.pool.kept.size]).toEqual([6, 0])
  })
})
