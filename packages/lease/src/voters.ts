/** Questions that everybody asks about a view. */
import type { LeaseGroup, LeaseView } from './view.ts'

const votersByView = new WeakMap<LeaseView, readonly string[]>()
/** Names of the voters; asked at every step, so it is worked out once for each view (a view never changes). */
export function votersOf(view: LeaseView): readonly string[] {
  const known = votersByView.get(view)
  if (known) return known
  const voters = view.nodes.filter(({ voter }) => voter).map(({ name }) => name)
  votersByView.set(view, voters)
  return voters
}
export const groupOf = (view: LeaseView, name: string): LeaseGroup | undefined =>
  view.groups.find((group) => group.name === name)
export const directs = (view: LeaseView, group: LeaseGroup): boolean => group.directors.includes(view.node)
