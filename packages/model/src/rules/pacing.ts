/** How the pace of a check changes, and what it may do to its pool. */
import { LONGEST_HOLD_MS } from '../config.ts'
import type { Path } from '../document.ts'
import { durationText, parseDuration } from '../duration.ts'
import { SCHEDULERS, type SchedulerRow } from '../tables/index.ts'
import type { Service } from './pools.ts'
import type { Refuse } from './rule.ts'

const SHORTEST_MS = 50
const HOUR_MS = 3_600_000

interface Bounds {
  readonly key: 'fast-interval' | 'down-interval' | 'slow-start' | 'flap-hold'
  readonly least: number
  readonly most: number
  readonly hint: string
}

/** `intervalMs`: not a number where it cannot be read. */
export function checkPacing({ check, scheduler }: Service, intervalMs: number, path: Path, refuse: Refuse): void {
  const usual = Number.isNaN(intervalMs) ? HOUR_MS : intervalMs
  const rows: readonly Bounds[] = [
    {
      ...{ key: 'fast-interval', least: SHORTEST_MS, most: usual },
      hint: `write 50ms to ${durationText(usual)}: it is the interval while results speak against the verdict`,
    },
    {
      ...{ key: 'down-interval', least: SHORTEST_MS, most: HOUR_MS },
      hint: 'write 50ms to 1h: it is the interval while a realserver is down',
    },
    { key: 'slow-start', least: 1000, most: HOUR_MS, hint: 'write 1s to 1h, or take it out' },
    { key: 'flap-hold', least: 1000, most: LONGEST_HOLD_MS, hint: 'write 1s to 5m, or take it out' },
  ]
  for (const { key, least, most, hint } of rows) {
    const ms = parseDuration(check?.[key] ?? '')
    if (ms === null || (ms >= least && ms <= most)) continue
    const bound = ms < least ? `under ${durationText(least)}` : `above ${durationText(most)}`
    refuse('impossible-timing', [...path, 'check', key], `${key} ${durationText(ms)} is ${bound}`, hint)
  }
  if (scheduler === undefined || check?.['slow-start'] === undefined) return
  const { hashes }: SchedulerRow = SCHEDULERS[scheduler]
  if (hashes)
    refuse(
      'slow-start-hashes',
      [...path, 'check', 'slow-start'],
      `the scheduler ${scheduler} sends clients by a hash: with each step of a weight some would change their realserver`,
      'take slow-start out, or use wrr or wlc',
    )
}
