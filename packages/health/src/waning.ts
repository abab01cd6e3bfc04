/**
 * When the connections of a realserver that takes no new ones have ended, by how fast they did lately. Connections that end independently of each
 * other, each as likely at any moment, are fewer by the same part in the same time; the last of n of them ends after H(n) = 1 + 1/2 + … + 1/n times
 * their mean time (the largest of n exponential variables). Where too few have ended, or some came, nothing is known.
 */
import { between, type Instant } from '@lvsm/base'

/** So many were left then; oldest first. */
export type Waning = readonly { readonly at: Instant; readonly left: number }[]

const STEP_MS = 2000
/** What was before says nothing of how fast it goes now: short ones have ended first. */
const WINDOW_MS = 120_000
const LEAST_MS = 10_000
const LEAST_ENDED = 3
/** How far beyond the time that was looked at a look ahead means something. */
const FARTHEST = 30
const EULER = 0.577

export function noteLeft(before: Waning, at: Instant, left: number): Waning {
  const last = before.at(-1)
  if (!last || left > last.left) return [{ at, left }]
  if (between(last.at, at) < STEP_MS && left > 0) return before
  return [...before.filter((one) => between(one.at, at) <= WINDOW_MS), { at, left }]
}

/** Milliseconds, in whole seconds; null: not known. */
export function doneInMs(waning: Waning): number | null {
  const [first, last] = [waning[0], waning.at(-1)]
  if (!first || !last) return null
  if (last.left === 0) return 0
  const spent = between(first.at, last.at)
  if (spent < LEAST_MS || first.left - last.left < LEAST_ENDED) return null
  const mean = spent / Math.log(first.left / last.left)
  const inMs = mean * (Math.log(last.left) + EULER + 1 / (2 * last.left))
  return inMs > FARTHEST * spent ? null : Math.round(inMs / 1000) * 1000
}
