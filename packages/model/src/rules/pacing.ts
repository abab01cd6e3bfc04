/** How the pace of a check changes, and what it may do to its pool. */
import { LONGEST_HOLD_MS } from '../config.ts'
import type { Path } from '../document.ts'
import { durationText, parseDuration } from '../duration.ts'
import { protocolRow, refusesAtZero, SCHEDULERS, type SchedulerRow } from '../tables/index.ts'
import type { Service } from './pools.ts'
import { entries, type Refuse } from './rule.ts'

const SHORTEST_MS = 50
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

interface Bounds {
  readonly key: 'fast-interval' | 'down-interval' | 'slow-start' | 'flap-hold' | 'down-linger'
  readonly least: number
  readonly most: number
  readonly hint: string
}

/** `intervalMs`: not a number where it cannot be read. */
export function checkPacing(service: Service, intervalMs: number, path: Path, refuse: Refuse): void {
  const { check, scheduler } = service
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
    { key: 'down-linger', least: 1000, most: DAY_MS, hint: 'write 1s to 24h, or take it out' },
  ]
  for (const { key, least, most, hint } of rows) {
    const ms = parseDuration(check?.[key] ?? '')
    if (ms === null || (ms >= least && ms <= most)) continue
    const bound = ms < least ? `under ${durationText(least)}` : `above ${durationText(most)}`
    refuse('impossible-timing', [...path, 'check', key], `${key} ${durationText(ms)} is ${bound}`, hint)
  }
  checkLinger(service, path, refuse)
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

/** Whoever failed has weight 0 meanwhile: where IPVS knows no connections that end, or refuses clients by that, it would be worse than to leave. */
function checkLinger({ check, scheduler, protocol, ...service }: Service, path: Path, refuse: Refuse): void {
  if (check?.['down-linger'] === undefined) return
  const at: Path = [...path, 'check', 'down-linger']
  if (protocol !== undefined && protocolRow(protocol).kernel.includes('udp'))
    refuse(
      'linger-without-connections',
      at,
      `clients of ${protocolRow(protocol).title} have no connections that end: who goes on sending would stay with a realserver that failed`,
      'take it out; it is for protocol: tcp or sctp',
    )
  const schedulerFlags = entries(service['scheduler-flags']).map(({ item }) => item)
  if (scheduler !== undefined && refusesAtZero({ scheduler, schedulerFlags }))
    refuse(
      'linger-refuses',
      at,
      `clients whose hash leads to a realserver of weight 0 are refused by the scheduler ${scheduler}, so that one that failed leaves at once`,
      'take it out, or use the scheduler sh or mh with its fallback',
    )
}
