/** How often two nodes hear from each other. */
import type { LeaseView } from '@lvsm/lease'

/** A node is called dead after so many beats that did not come. */
const BEATS_IN_DEADTIME = 4

const decidersByView = new WeakMap<LeaseView, ReadonlySet<string>>()

/** Directors and voters: those whose word ownership depends on. */
export function deciders(view: LeaseView): ReadonlySet<string> {
  const known = decidersByView.get(view)
  if (known) return known
  const voters = view.nodes.filter(({ voter }) => voter).map(({ name }) => name)
  const found = new Set([...voters, ...view.groups.flatMap(({ directors }) => directors)])
  decidersByView.set(view, found)
  return found
}

/** Milliseconds between two beats of `from` to `to`. */
export function beatIntervalMs(view: LeaseView, from: string, to: string): number {
  const { keepaliveMs, deadtimeMs } = view.timing
  const close = deciders(view).has(from) && deciders(view).has(to)
  return close ? keepaliveMs : Math.max(keepaliveMs, deadtimeMs / BEATS_IN_DEADTIME)
}
