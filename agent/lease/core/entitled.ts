/**
 * Who is believed in what: voters lend votes, directors offer and give up groups, every node speaks for itself. A node with the
 * key is not believed in anything else (packages/lease/PROTOCOL.md 3.10).
 */
import type { LeaseView, Message } from '@lvsm/protocol'
import { groupOf, votersOf } from '@lvsm/lease'

/** Of a group that nobody knows nothing is decided. */
export function isEntitled(view: LeaseView, node: string, message: Message): boolean {
  switch (message.kind) {
    case 'ack':
      // Of a send in another epoch: whose votes count there the holder knows.
      return message.epoch !== view.epoch || votersOf(view).includes(node)
    case 'free':
    case 'busy':
      return votersOf(view).includes(node)
    case 'offer':
    case 'answer':
    case 'release':
      return groupOf(view, message.group)?.directors.includes(node) ?? true
    default:
      return true
  }
}

const pillarsByView = new WeakMap<LeaseView, ReadonlySet<string>>()

/** Its word may stop what others do: it votes, or may hold a group. Worked out once for each view (a view never changes). */
export function isPillar(view: LeaseView, node: string): boolean {
  const pillars =
    pillarsByView.get(view) ?? new Set([...votersOf(view), ...view.groups.flatMap(({ directors }) => directors)])
  pillarsByView.set(view, pillars)
  return pillars.has(node)
}
