/**
 * How often two nodes hear from each other. Directors: half a keepalive later than the next renewal of a lease, which
 * takes the beat along; who goes first among them is judged by it. All others: four times in a deadtime, so that the
 * cost does not grow with the square of the realservers.
 */
import { renewalMs } from '@lvsm/base'
import type { LeaseView } from '@lvsm/lease'

/** A node is called dead after so many beats that did not come. */
const BEATS_IN_DEADTIME = 4

const directorsByView = new WeakMap<LeaseView, ReadonlySet<string>>()

function directorsOf(view: LeaseView): ReadonlySet<string> {
  const known = directorsByView.get(view)
  if (known) return known
  const found = new Set(view.groups.flatMap(({ directors }) => directors))
  directorsByView.set(view, found)
  return found
}

/** Milliseconds between two beats of `from` to `to`. */
export function heartbeatIntervalMs(view: LeaseView, from: string, to: string): number {
  const closeMs = renewalMs(view.timing) + view.timing.keepaliveMs / 2
  const directors = directorsOf(view)
  return directors.has(from) && directors.has(to)
    ? closeMs
    : Math.max(closeMs, view.timing.deadtimeMs / BEATS_IN_DEADTIME)
}
