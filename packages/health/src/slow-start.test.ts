import { expect, it } from 'vitest'
import { rampedSince, rampedWeight } from './slow-start.ts'

it('how long a weight has grown is known by the weight', () => {
  for (const weight of [2, 3, 7, 10, 20, 33, 100, 65_535])
    for (let sinceMs = 0; sinceMs < 30_000; sinceMs += 500) {
      const now = rampedWeight(weight, sinceMs, 30_000)
      const found = rampedSince(weight, now, 30_000)
      expect(found === null ? weight : rampedWeight(weight, found, 30_000), `${weight} ${sinceMs}`).toBe(now)
      expect(found ?? 0).toBeLessThanOrEqual(sinceMs)
    }
})
it('one that has all of its weight, takes nobody, or starts at once has not grown', () => {
  expect([rampedSince(20, 20, 30_000), rampedSince(20, 0, 30_000), rampedSince(20, 7, 0)]).toEqual([null, null, null])
})
