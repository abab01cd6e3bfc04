/** Moments beside spans in what scripts read: RFC 3339, by the clock of the machine where it was asked. Nothing is taken away. */
import { timeText } from './wanted-text.ts'

/** How long ago, and how long yet: milliseconds. */
const PAST: Readonly<Record<string, string>> = { ageMs: 'heardAt', pastMs: 'lastAt' }
const COMING: Readonly<Record<string, string>> = { leftMs: 'endsAt', doneInMs: 'doneAt', votesInMs: 'votesAt' }
/** Milliseconds of a wall clock, where a text is a moment already. */
const MOMENTS: Readonly<Record<string, string>> = { since: 'sinceAt', until: 'untilAt', deadline: 'deadlineAt' }

/** `nowMs`: when it was told. */
export function withMoments<Value>(value: Value, nowMs: number): Value
export function withMoments(value: unknown, nowMs: number): unknown {
  if (Array.isArray(value)) return value.map((one) => withMoments<unknown>(one, nowMs))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => [
      [key, withMoments<unknown>(one, nowMs)],
      ...(isLease(value) && key === 'leftMs' ? [] : momentOf(key, one, nowMs)),
    ]),
  )
}

/** Of a group: its lease is renewed long before, and of one that is silent nobody knows when it ends. */
const isLease = (value: object): boolean => Object.hasOwn(value, 'owner')

function momentOf(key: string, value: unknown, nowMs: number): [string, string][] {
  if (typeof value !== 'number' || !Number.isFinite(value)) return []
  const at = (name: string | undefined, ms: number): [string, string][] =>
    name === undefined || ms < 0 ? [] : [[name, timeText(ms)]]
  return [
    ...at(PAST[key], nowMs - value),
    // What nobody holds ends at no moment.
    ...(value > 0 ? at(COMING[key], nowMs + value) : []),
    ...at(MOMENTS[key], value),
  ]
}

/** A report as a whole: `at`, when it was asked. */
export const momentsOf = <Report extends object>(report: Report, nowMs: number): Report & { readonly at: string } => ({
  at: timeText(nowMs),
  ...withMoments(report, nowMs),
})
