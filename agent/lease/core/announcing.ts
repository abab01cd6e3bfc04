/**
 * Gratuitous announcements of an owner: a burst when it takes the addresses, later repeats, then a slow refresh;
 * and a defence, rate-limited, when somebody else announces them. Each carries the deadline (FENCE.md, row 3).
 */
import { after, type Instant } from '@lvsm/base'
import type { Seat } from './seat.ts'
import type { Station } from './station.ts'

/** Milliseconds after the take. */
const BURST_MS = [0, 100, 200, 400, 800, 5000, 30_000]
const REFRESH_MS = 60_000
const DEFENCE_MS = 500

const offsetOf = (sent: number): number => {
  const last = BURST_MS.length - 1
  return BURST_MS[sent] ?? (BURST_MS[last] ?? 0) + (sent - last) * REFRESH_MS
}

export const nextAnnouncement = (seat: Seat): Instant | null =>
  seat.burst && seat.phase === 'holding' ? after(seat.burst.since, offsetOf(seat.burst.sent)) : null

export function startBurst(station: Station, seat: Seat): void {
  seat.burst = { since: station.now, sent: 0 }
  tendAnnouncements(station, seat)
}

export function tendAnnouncements(station: Station, seat: Seat): void {
  const due = nextAnnouncement(seat)
  if (!seat.burst || due === null || due > station.now) return
  announce(station, seat)
  while (after(seat.burst.since, offsetOf(seat.burst.sent)) <= station.now) seat.burst.sent += 1
}

export function defend(station: Station, seat: Seat): boolean {
  if (seat.phase !== 'holding' || station.now < after(seat.defendedAt, DEFENCE_MS)) return false
  seat.defendedAt = station.now
  announce(station, seat)
  return true
}

function announce(station: Station, seat: Seat): void {
  station.effects.push({ kind: 'announce', group: seat.group, notAfter: seat.holder.deadline })
}
