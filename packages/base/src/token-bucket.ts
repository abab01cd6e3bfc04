/** A rate that bears bursts: tokens come in with time, up to as many as may be spent at once. */
import type { Instant } from './time.ts'

export interface Rate {
  readonly perSecond: number
  /** The most tokens that are saved up. */
  readonly burst: number
}
export interface TokenBucket {
  tokens: number
  /** As of then. */
  at: Instant
}

export const fullBucket = ({ burst }: Rate, now: Instant): TokenBucket => ({ tokens: burst, at: now })

/** What came in by now. */
export function refill(bucket: TokenBucket, { perSecond, burst }: Rate, now: Instant): void {
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) * perSecond) / 1000)
  bucket.at = now
}

/** Spends one token; false: there is none. */
export function takeToken(bucket: TokenBucket, rate: Rate, now: Instant): boolean {
  refill(bucket, rate, now)
  if (bucket.tokens < 1) return false
  bucket.tokens -= 1
  return true
}
