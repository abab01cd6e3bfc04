/**
 * Directors that serve themselves (packages/plan/TRAPS.md, rows 9 and 10). Each has itself in its own table alone, so that no packet goes from
 * director to director, and none comes back: two machines may be directors and realservers both.
 */
import type { Draft } from '../schema.ts'
import { FORWARDING, forwarding } from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import { type Served, served } from './pools.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

type Group = NonNullable<NonNullable<Draft['groups']>[number]>

export const localDelivery: Rule = (draft, refuse) => {
  for (const { at, item: service } of entries(draft.services)) {
    const group = entries(draft.groups).find(({ item }) => item.name === service.group)?.item
    if (!group) continue
    for (const server of served(draft, at)) {
      const { forward, node } = server.item
      if (forward === undefined || node === undefined || !forwarding(forward).onDirector) continue
      if (isUnread(group, 'directors') || !group.directors || group.directors.includes(undefined)) continue
      if (group.directors.includes(node)) refuseAddress(draft, server, refuse)
      else refuseOther(group, server, refuse)
    }
  }
}

function refuseOther({ name, directors }: Group, { item, here }: Served, refuse: Refuse): void {
  const others = namesOf(FORWARDING).filter((method) => !forwarding(method).onDirector)
  refuse(
    'local-not-director',
    here('forward'),
    `"${item.node}" is no director of group "${name}": ${FORWARDING.local.title} is what a director does with packets that came to itself`,
    `use forward: ${others.join(' or ')}, or a director of the group: ${directors?.join(', ')}`,
  )
}

/** The kernel must know it as its own whether the group is here or not. */
function refuseAddress(draft: Draft, { item, place }: Served, refuse: Refuse): void {
  const own = entries(draft.nodes).find(({ item: node }) => node.name === item.node)?.item
  const links = entries(own?.links).flatMap(({ item: link }) => link.address ?? [])
  if (item.address === undefined || !own || links.length < (own.links?.length ?? 0) || links.includes(item.address))
    return
  refuse(
    'local-address',
    place('address'),
    `${item.address} is no address of a link of "${item.node}": a director that serves itself is named by one that it always has`,
    `give one of its own: ${links.join(', ')}`,
  )
}
