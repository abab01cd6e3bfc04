/** Figures that only grow, as they were read one after the other: how much came within the last while. */
import { between, type Instant } from '@lvsm/base'

/** Nothing older is asked for. */
const KEPT_MS = 300_000

export interface Sample {
  readonly at: Instant
  readonly figures: Readonly<Record<string, number>>
}
export type Series = readonly Sample[]

/** One before the kept time stays, so that what came since is known. */
export function grown(series: Series, sample: Sample): Series {
  const last = series.findLastIndex(({ at }) => between(at, sample.at) >= KEPT_MS)
  return [...series.slice(Math.max(0, last)), sample]
}

/** What a figure rose by; one that went back began anew, and is not counted for that time. */
export function rise(series: Series, key: string, now: Instant, spanMs: number): number {
  let sum = 0
  for (const [at, sample] of series.entries()) {
    const before = series[at - 1]
    if (!before || between(before.at, now) > spanMs + SLACK_MS) continue
    sum += Math.max(0, (sample.figures[key] ?? 0) - (before.figures[key] ?? 0))
  }
  return sum
}
/** Readings come late now and then. */
const SLACK_MS = 500
