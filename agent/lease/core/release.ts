/** The RELEASE of a lease that has ended here: sent once everything is off, and repeated twice. */
import { after, type Instant } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'
import { claimOf } from './peers.ts'
import { postRelease } from './post.ts'
import type { Seat } from './seat.ts'
import type { Station } from './station.ts'

/** Of a keepalive: where it is under a third of a second, a successor's beat has come by then. */
const REPEAT = 3 / 4
/** A stop waits for the repeats of its RELEASE. */
const LONGEST_REPEAT_MS = 250

/** Sends the RELEASE now, and twice more soon after, because the network may lose it. */
export function startRelease(station: Station, view: LeaseView, seat: Seat): void {
  const { farewell } = seat
  if (!farewell) return
  postRelease(station, view, seat, farewell.upTo, farewell.successor, 'one')
  const { keepaliveMs } = view.timing
  const soonMs = Math.min(REPEAT * keepaliveMs, LONGEST_REPEAT_MS)
  farewell.again = [after(station.now, soonMs), after(station.now, 2 * soonMs)]
}

export function tendFarewell(station: Station, view: LeaseView, seat: Seat): void {
  const { farewell } = seat
  const [due] = farewell?.again ?? []
  if (!farewell || due === undefined || due > station.now) return
  // The successor holds: the voters have heard it.
  if (farewell.successor !== null && claimOf(station, farewell.successor, seat.group.name)?.holds) {
    seat.farewell = null
    return
  }
  farewell.again = farewell.again.slice(1)
  postRelease(station, view, seat, farewell.upTo, farewell.successor, 'all')
  if (farewell.again.length === 0) seat.farewell = null
}

export const nextFarewell = (seat: Seat): Instant | null => seat.farewell?.again[0] ?? null
