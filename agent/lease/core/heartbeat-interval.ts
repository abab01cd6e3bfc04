/**
 * Heartbeat interval between two nodes. Directors: half a keepalive more than the renewal interval, so that renewals carry
 * the heartbeat; the rank among candidates depends on it. All others: a quarter of a deadtime, because every node sends
 * to every other. Where two nodes share several links, a heartbeat of its own leaves at each interval all the same (links.ts).
 */
import { type LeaseView } from '@lvsm/protocol'
import { renewalMs } from '@lvsm/base'

/** Heartbeats in a deadtime. */
const BEATS_IN_DEADTIME = 4

const directorsByView = new WeakMap<LeaseView, ReadonlySet<string>>()

function directorsOf(view: LeaseView): ReadonlySet<string> {
  const known = directorsByView.get(view)
  if (known) return known
  const found = new Set(view.groups.flatMap(({ directors }) => directors))
  directorsByView.set(view, found)
  return found
}

/** Milliseconds between two heartbeats of `from` to `to`. */
export function heartbeatIntervalMs(view: LeaseView, from: string, to: string): number {
  const closeMs = renewalMs(view.timing) + view.timing.keepaliveMs / 2
  const directors = directorsOf(view)
  return directors.has(from) && directors.has(to)
    ? closeMs
    : Math.max(closeMs, view.timing.deadtimeMs / BEATS_IN_DEADTIME)
}
