/**
 * Heartbeats, with what this node holds and is ready for: each keepalive among directors, four in a deadtime between all
 * others, so that the cost does not grow with the square of the realservers. What moves ownership are the leases' own
 * messages, voters' among them; beats tell who is there.
 */
import { after, earlier } from '@lvsm/base'
import type { Beat } from '@lvsm/heartbeat'
import type { LeaseView } from '@lvsm/lease'
import { beatIntervalMs, directorsOf } from './pace.ts'
import { post } from './post.ts'
import { holds, isReady } from './seat.ts'
import type { Station } from './station.ts'

/** Of a keepalive. */
const SOON = 1 / 8

function beat(station: Station, view: LeaseView): Beat {
  const groups = [...station.seats.values()].map((seat) => {
    const holding = holds(seat, station.now)
    return {
      group: seat.group.name,
      holds: holding,
      ready: isReady(seat, station.now) && !station.stopping,
      number: holding ? seat.holder.number : 0,
      leftMs: holding ? seat.holder.deadline - station.now : 0,
    }
  })
  return { kind: 'beat', revision: view.revision, standby: station.standby, groups }
}

export function beatTo(station: Station, view: LeaseView, names: readonly string[]): void {
  post(station, names, beat(station, view), 'one')
}

/** Due now; every beat that goes to everybody is also one of the regular ones. */
export function tendBeats(station: Station, view: LeaseView): void {
  const { now, node } = station
  if (now < station.beatAt) return
  const { keepaliveMs } = view.timing
  const names = view.nodes.map(({ name }) => name)
  const due = names.filter((name) => now >= station.beatAllAt || beatIntervalMs(view, node, name) === keepaliveMs)
  const longestMs = Math.max(keepaliveMs, ...names.map((name) => beatIntervalMs(view, node, name)))
  station.beatAt = after(now, directorsOf(view).has(node) ? keepaliveMs : longestMs)
  if (now >= station.beatAllAt) station.beatAllAt = after(now, longestMs - keepaliveMs / 2)
  beatTo(station, view, due)
}

/** Peers should know at once: this process will not be there for long. */
export function beatNow(station: Station): void {
  station.beatAt = station.now
  station.beatAllAt = station.now
}

/** Peers should know soon that something changed hands: after what the change itself has to send and to do. */
export function beatSoon(station: Station): void {
  const soonMs = (station.view?.timing.keepaliveMs ?? 0) * SOON
  station.beatAt = earlier(station.beatAt, after(station.now, soonMs))
  station.beatAllAt = station.beatAt
}
