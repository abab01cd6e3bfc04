/** What somebody does again and again, and is undone each time: many times in a minute, or at intervals, by a timer. */
import { pastOf } from './past.ts'
import { spanText } from './span.ts'
import { between, type Instant } from './time.ts'

/** The second one may be a slip. */
export const LEAST_TIMES = 3
const WITHIN_MS = 60_000
/** A timer of an hour is found, with what it takes. */
const LONGEST_INTERVAL_MS = 65 * 60_000
/** So many of its own intervals without it, and it has ended. */
const OVER_AFTER = 3
/** Intervals of a timer are much the same: looks come late, and what it starts takes its time. */
const MUCH = { times: 1.5, ms: 2000 } as const

export interface Again {
  readonly often: string
  /** It is over, and so long ago was the last of it; milliseconds. */
  readonly pastMs?: number
}
/** Null: it happened now and then, or it has ended. `times`: the oldest first, and `most` of them are kept. */
export function againOf(times: readonly Instant[], now: Instant, most: number): Again | null {
  const countOf = ({ length }: readonly Instant[]): string => `${length} times${length >= most ? ' or more' : ''}`
  const recent = times.filter((at) => between(at, now) < WITHIN_MS)
  if (recent.length >= LEAST_TIMES)
    return { often: `${countOf(recent)} within the last minute`, ...pastOf(recent, now) }
  const last = times.slice(-LEAST_TIMES)
  if (last.length < LEAST_TIMES) return null
  const gaps = last.slice(1).map((at, index) => between(last[index] ?? at, at))
  const [shortest, longest] = [Math.min(...gaps), Math.max(...gaps)]
  if (longest > MUCH.times * shortest + MUCH.ms || longest > LONGEST_INTERVAL_MS) return null
  if (between(last.at(-1) ?? now, now) >= OVER_AFTER * longest) return null
  return { often: `${countOf(times)}, at intervals of about ${spanText(longest)}`, ...pastOf(last, now) }
}

/** Whether such times may still count. */
export const mayBeAgain = (times: readonly Instant[], now: Instant): boolean => {
  const last = times.at(-1)
  return last !== undefined && between(last, now) < LONGEST_INTERVAL_MS
}

/** Of several whose times are kept, the one that happened longest ago: it has to make room for another. */
export function longestAgo<Name>(all: Iterable<readonly [Name, readonly Instant[]]>): Name | undefined {
  const lastOf = (times: readonly Instant[]): number => times.at(-1) ?? Number.NEGATIVE_INFINITY
  return [...all].toSorted(([, one], [, other]) => lastOf(one) - lastOf(other))[0]?.[0]
}
