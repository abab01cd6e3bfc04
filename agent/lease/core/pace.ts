/** How often two nodes hear from each other. */
import type { LeaseView } from '@lvsm/lease'

/** A node is called dead after so many beats that did not come. */
const BEATS_IN_DEADTIME = 4

const directorsByView = new WeakMap<LeaseView, ReadonlySet<string>>()

/** The directors of all groups: who goes first among them is judged by their beats. */
export function directorsOf(view: LeaseView): ReadonlySet<string> {
  const known = directorsByView.get(view)
  if (known) return known
  const found = new Set(view.groups.flatMap(({ directors }) => directors))
  directorsByView.set(view, found)
  return found
}

/** Milliseconds between two beats of `from` to `to`. */
export function beatIntervalMs(view: LeaseView, from: string, to: string): number {
  const { keepaliveMs, deadtimeMs } = view.timing
  const close = directorsOf(view).has(from) && directorsOf(view).has(to)
  return close ? keepaliveMs : Math.max(keepaliveMs, deadtimeMs / BEATS_IN_DEADTIME)
}
