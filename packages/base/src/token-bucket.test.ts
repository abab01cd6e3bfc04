import { describe, expect, test } from 'vitest'
import type { Instant } from './time.ts'
import { fullBucket, refill, takeToken, type TokenBucket } from './token-bucket.ts'

const RATE = { perSecond: 10, burst: 3 }
const at = (ms: number): Instant => ms as Instant
const taken = (bucket: TokenBucket, ms: number, tries: number): number =>
  Array.from({ length: tries }, () => takeToken(bucket, RATE, at(ms))).filter(Boolean).length

describe('a token bucket', () => {
  test('gives a burst, then its rate, and saves up no more than a burst', () => {
    const bucket = fullBucket(RATE, at(0))
    expect(taken(bucket, 0, 10)).toBe(3)
    expect(taken(bucket, 99, 10)).toBe(0)
    expect(taken(bucket, 200, 10)).toBe(2)
    expect(taken(bucket, 60_000, 10)).toBe(3)
  })
  test('parts of a token are kept', () => {
    const bucket = fullBucket(RATE, at(0))
    expect(taken(bucket, 0, 3)).toBe(3)
    for (const ms of [40, 80, 120]) refill(bucket, RATE, at(ms))
    expect(bucket.tokens).toBeCloseTo(1.2)
  })
})
