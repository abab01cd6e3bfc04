/** Pure: what a client saw, from its requests. */
import type { Bucket } from '../../../scripts/lab/reports.ts'

export interface Request {
  /** Milliseconds; `ended` of a failure is when it was given up. */
  readonly began: number
  readonly ended: number
  /** Who answered; undefined: nobody. */
  readonly server: string | undefined
  readonly error?: string
}

const round = (ms: number): number => Math.round(ms * 100) / 100

/** Count, failures, the longest time between two successes, the longest request, the answers of each server. */
export function summary(requests: readonly Request[], bucket = 250) {
  const good = requests.filter(({ server }) => server !== undefined)
  const failures = requests.filter(({ server }) => server === undefined)
  const ends = good.map(({ ended }) => ended).sort((a, b) => a - b)
  const gaps = ends.slice(1).map((at, index) => ({ from: ends[index] as number, ms: at - (ends[index] as number) }))
  const gap = gaps.reduce((worst, one) => (one.ms > worst.ms ? one : worst), { from: 0, ms: 0 })
  const longest = requests.reduce(
    (worst, { began, ended }) => (ended - began > worst.ms ? { at: began, ms: ended - began } : worst),
    { at: 0, ms: 0 },
  )
  const durations = good.map(({ began, ended }) => ended - began).sort((a, b) => a - b)
  const servers = Object.fromEntries(
    [...Map.groupBy(good, ({ server }) => server as string)].map(([name, own]) => [name, own.length]),
  )
  return {
    requests: requests.length,
    failed: failures.length,
    failures: failures
      .slice(0, 50)
      .map(({ began, ended, error }) => ({ began: round(began), ms: round(ended - began), error })),
    longestGapMs: round(gap.ms),
    longestGapFrom: round(gap.from),
    longestRequestMs: round(longest.ms),
    longestRequestAt: round(longest.at),
    medianRequestMs: round(durations[Math.floor(durations.length / 2)] ?? 0),
    servers,
    timeline: timeline(requests, bucket),
  }
}

export function timeline(requests: readonly Request[], width: number): Bucket[] {
  const buckets = Map.groupBy(requests, ({ began }) => Math.floor(began / width) * width)
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([at, own]) => ({
      at,
      begun: own.length,
      failed: own.filter(({ server }) => server === undefined).length,
      longest: round(Math.max(...own.map(({ began, ended }) => ended - began))),
    }))
}
