/**
 * Directors that serve themselves (packages/plan/TRAPS.md, rows 9 and 10). Each delivers to itself what came to itself, and hands on to another
 * one only by full NAT: what goes there bears the other's own address and none of a service, so that nothing there sends it on or back. So two
 * machines may be directors and realservers both, and share the load.
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
      if (forward === undefined || node === undefined || forwarding(forward).ofItself === null) continue
      if (isUnread(group, 'directors') || !group.directors || group.directors.includes(undefined)) continue
      const { onDirector, keepsPort } = forwarding(forward)
      if (!group.directors.includes(node)) {
        if (onDirector) refuseOther(group, server, refuse)
        continue
      }
      refuseAddress(draft, server, refuse)
      // Of a method that never changes it another rule tells.
      if (!keepsPort) refusePort(service, server, refuse)
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

/** What it hands to itself arrives as the client sent it. */
function refusePort(service: { readonly port?: number | undefined }, { item, place }: Served, refuse: Refuse): void {
  if (item.port === undefined || service.port === undefined || item.port === service.port) return
  refuse(
    'port-change',
    place('port'),
    `"${item.node}" is a director of the group: as its owner it serves itself by ${FORWARDING.local.title}, which cannot change the port: the service has ${service.port}, the realserver ${item.port}`,
    `let it listen on ${service.port}`,
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
