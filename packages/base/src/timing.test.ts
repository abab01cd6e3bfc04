import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DRIFT,
  fenceMs,
  holdMs,
  LONGEST_LEASE_MS,
  quarantineMs,
  refuseTiming,
  renewalMs,
  type Timing,
} from './timing.ts'

const good: Timing = { keepaliveMs: 100, leaseMs: 350, applyMs: 35, warntimeMs: 300, deadtimeMs: 1000, drainMs: 200 }

describe('refuseTiming', () => {
  test('takes what the laboratory runs with', () => expect(refuseTiming(good)).toEqual([]))
  test.each<[keyof Timing, number]>([
    ['keepaliveMs', 10],
    ['leaseMs', 340],
    ['leaseMs', 40_000],
    ['applyMs', 1],
    ['warntimeMs', 100],
    ['deadtimeMs', 300],
    ['drainMs', 20_000],
    ['deadtimeMs', 300_001],
    // One fault is one message: lease, fence and warntime follow from it.
    ['keepaliveMs', 5000],
  ])('refuses %s of %d with the place and a way out', (field, value) => {
    const [refusal, ...more] = refuseTiming({ ...good, [field]: value })
    expect(more).toEqual([])
    expect(refusal).toMatchObject({ code: 'impossible-timing', field: `timing.${field.replace('Ms', '')}` })
    expect(refusal?.hint).toBeTruthy()
  })
  test('names all that stands beside a keepalive that is too long', () =>
    expect(refuseTiming({ ...good, keepaliveMs: 5000 })[0]?.message).toBe(
      'keepalive 5000 ms is too long beside lease 350 ms, warntime 300 ms and deadtime 1000 ms',
    ))
  test.each(['keepaliveMs', 'leaseMs', 'applyMs', 'warntimeMs', 'deadtimeMs', 'drainMs'] as const)(
    'says nothing about what %s would be compared with while it is not known',
    (field) => expect(refuseTiming({ ...good, [field]: Number.NaN })).toEqual([]),
  )
})

test('whatever is legal, a holder stops before the slowest voter, and its fence lasts two keepalives', () => {
  const timing = fc.record({
    keepaliveMs: fc.integer({ min: 20, max: 2000 }),
    leaseMs: fc.integer({ min: 50, max: 30_000 }),
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
      const { leaseMs, keepaliveMs, applyMs } = candidate
      expect(holdMs(leaseMs) * (1 + DRIFT)).toBeLessThan(leaseMs * (1 - DRIFT))
      expect(quarantineMs(leaseMs)).toBeGreaterThan((leaseMs * (1 + DRIFT)) / (1 - DRIFT))
      expect(fenceMs(candidate)).toBeGreaterThanOrEqual(2 * keepaliveMs)
      // The next renewal of the lease brings the next of the fence, before it must be renewed from what is left.
      if (applyMs <= keepaliveMs) expect(fenceMs(candidate) - applyMs).toBeGreaterThan(renewalMs(candidate))
    }),
    { numRuns: 2000 },
  )
  expect(legal).toBeGreaterThan(20)
})

test('each inequality holds to the millisecond', () => {
  const fails = (changed: Partial<Timing>): string[] => [
    ...new Set(refuseTiming({ ...good, ...changed }).map(({ field }) => field ?? '')),
  ]
  expect([fails({ keepaliveMs: 20 }), fails({ keepaliveMs: 19 })]).toEqual([[], ['timing.keepalive']])
  // 3 × 100 + 35 + 2 × 0.001 × lease + 8, rounded up
  expect([fails({ leaseMs: 344 }), fails({ leaseMs: 343 })]).toEqual([[], ['timing.lease']])
  expect([fails({ leaseMs: LONGEST_LEASE_MS }), fails({ leaseMs: LONGEST_LEASE_MS + 1 })]).toEqual([
    [],
    ['timing.lease'],
  ])
  expect([fails({ applyMs: 5 }), fails({ applyMs: 4 })]).toEqual([[], ['timing.apply']])
  expect([fails({ applyMs: 41 }), fails({ applyMs: 42 })]).toEqual([[], ['timing.lease']])
  expect([fails({ warntimeMs: 101 }), fails({ warntimeMs: 100 })]).toEqual([[], ['timing.warntime']])
  expect([fails({ deadtimeMs: 301 }), fails({ deadtimeMs: 300 })]).toEqual([[], ['timing.deadtime']])
  expect([fails({ drainMs: 0 }), fails({ drainMs: -1 })]).toEqual([[], ['timing.drain']])
  expect([fails({ drainMs: 10_000 }), fails({ drainMs: 10_001 })]).toEqual([[], ['timing.drain']])
})

test('a holder uses of a grant what two clocks at the bound of the drift leave, less two ticks of the kernel', () => {
  expect(holdMs(1000)).toBeCloseTo((1000 * 0.999) / 1.001 - 8, 9)
  expect(quarantineMs(1000)).toBeCloseTo((1000 * 1.001) / 0.999 + 1, 9)
  expect(renewalMs(good)).toBe(160)
  expect(fenceMs(good)).toBeCloseTo((holdMs(350) + 160) / 2, 9)
})

test('five sends fit between the first renewal and the end of a lease that is as short as it may be', () => {
  for (const [keepaliveMs, applyMs] of [
    [20, 5],
    [50, 40],
    [200, 100],
    [1000, 500],
  ] as const) {
    const timing = { ...good, keepaliveMs, applyMs, warntimeMs: 9000, deadtimeMs: 10_000 }
    const shortest = Array.from({ length: 30_000 }, (_, ms) => ms).find(
      (leaseMs) => refuseTiming({ ...timing, leaseMs }).length === 0,
    )
    const left = holdMs(shortest ?? 0) - renewalMs({ ...timing, leaseMs: shortest ?? 0 }) - applyMs
    expect(left / (keepaliveMs / 3)).toBeGreaterThanOrEqual(4 - 0.2)
  }
})
