/** Questions that everybody asks about a view. */
import { type LeaseGroup, type LeaseView } from '@lvsm/protocol'
import { digest64 } from '@lvsm/base'

const votersByView = new WeakMap<LeaseView, readonly string[]>()
/** Names of the voters; asked at every step, so it is worked out once for each view (a view never changes). */
export function votersOf(view: LeaseView): readonly string[] {
  const known = votersByView.get(view)
  if (known) return known
  const voters = view.nodes.filter(({ voter }) => voter).map(({ name }) => name)
  votersByView.set(view, voters)
  return voters
}
const digestByView = new WeakMap<LeaseView, string>()

/** Tells sets of voters apart by their names; the order does not count. 16 hexadecimal digits. */
export function voterDigest(view: LeaseView): string {
  const known = digestByView.get(view)
  if (known !== undefined) return known
  const digest = digest64([...votersOf(view)].sort().join(' '))
  digestByView.set(view, digest)
  return digest
}

export const groupOf = (view: LeaseView, name: string): LeaseGroup | undefined =>
  view.groups.find((group) => group.name === name)
export const directs = (view: LeaseView, group: LeaseGroup): boolean => group.directors.includes(view.node)
