import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DRIFT, fenceMs, holdMs, quarantineMs, refuseTiming, renewalMs, type Timing } from './terms.ts'

const good: Timing = { keepaliveMs: 100, termMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }

describe('refuseTiming', () => {
  test('takes what the laboratory runs with', () => expect(refuseTiming(good)).toEqual([]))
  test.each<[keyof Timing, number]>([
    ['keepaliveMs', 10],
    ['termMs', 340],
    ['termMs', 40_000],
    ['applyMs', 1],
    ['warntimeMs', 100],
    ['deadtimeMs', 300],
    ['drainMs', 20_000],
  ])('refuses %s of %d with the place and a way out', (field, value) => {
    const [refusal] = refuseTiming({ ...good, [field]: value })
    expect(refusal).toMatchObject({ code: 'impossible-timing', field: `timing.${field.replace('Ms', '')}` })
    expect(refusal?.hint).toBeTruthy()
  })
})

test('whatever is legal, a holder stops before the slowest voter, and its fence lasts two keepalives', () => {
  const timing = fc.record({
    keepaliveMs: fc.integer({ min: 20, max: 2000 }),
    termMs: fc.integer({ min: 50, max: 30_000 }),
    applyMs: fc.integer({ min: 5, max: 500 }),
    warntimeMs: fc.constant(3000),
    deadtimeMs: fc.constant(9000),
    drainMs: fc.constant(200),
  })
  let legal = 0
  fc.assert(
    fc.property(timing, (candidate) => {
      if (refuseTiming(candidate).length > 0) return
      legal += 1
      const { termMs, keepaliveMs, applyMs } = candidate
      expect(holdMs(termMs) * (1 + DRIFT)).toBeLessThan(termMs * (1 - DRIFT))
      expect(quarantineMs(termMs)).toBeGreaterThan((termMs * (1 + DRIFT)) / (1 - DRIFT))
      expect(fenceMs(candidate)).toBeGreaterThanOrEqual(2 * keepaliveMs)
      // The next renewal of the lease brings the next of the fence, before it must be renewed from what is left.
      if (applyMs <= keepaliveMs) expect(fenceMs(candidate) - applyMs).toBeGreaterThan(renewalMs(candidate))
    }),
    { numRuns: 2000 },
  )
  expect(legal).toBeGreaterThan(20)
})
