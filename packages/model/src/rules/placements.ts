/** Where a realserver has a VIP for itself: only where its packets come so, and in one place for all services of the VIP. */
import { DEFAULT_PLACEMENT, FORWARDING, forwarding, type Placement, placementRow, PLACEMENTS } from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import { type Served, served } from './pools.ts'
import { entries, isUnread, type Refuse, type Rule } from './rule.ts'

export const placements: Rule = (draft, refuse) => {
  const first = new Map<string, { readonly placement: Placement; readonly service: string }>()
  for (const { at, item: service } of entries(draft.services))
    for (const server of served(draft, at)) {
      const { node, forward, placement } = server.item
      if (isUnread(server.item, 'placement') || forward === undefined) continue
      if (placement !== undefined && !checkMethod(server, placement, refuse)) continue
      if (!forwarding(forward).hasVip || node === undefined || service.address === undefined) continue
      const key = `${node} ${service.address}`
      const here = { placement: placement ?? DEFAULT_PLACEMENT, service: service.name ?? '' }
      const before = first.get(key)
      if (before === undefined) first.set(key, here)
      else if (before.placement !== here.placement)
        refuse(
          'two-placements',
          server.here(placement === undefined ? 'forward' : 'placement'),
          `"${node}" would have ${service.address} as ${titled(here.placement)} for service "${here.service}" and as ${titled(before.placement)} for service "${before.service}": it has the address once`,
          `write placement: ${before.placement} here too, or the other one in both`,
        )
    }
}

const titled = (name: Placement): string => `${placementRow(name).title} (placement: ${name})`

/** Is there such a place under its forwarding method? */
function checkMethod(server: Served, placement: Placement, refuse: Refuse): boolean {
  const { node, forward } = server.item
  if (forward === undefined) return false
  const { title, hasVip, onDirector, tunnels } = forwarding(forward)
  if (!hasVip) {
    const why = onDirector ? 'a director that serves itself has the VIP as its owner' : 'it answers as itself'
    refuse(
      `placement-under-${forward}`,
      server.place('placement'),
      `a realserver under ${title} has the VIP nowhere of its own: ${why}`,
      `remove it, or use forward: ${methodsThat((name) => forwarding(name).hasVip)}`,
    )
    return false
  }
  if (!placementRow(placement).onTunnels || tunnels) return true
  refuse(
    'placement-without-tunnel',
    server.place('placement'),
    `packets for "${node}" come by ${title} as they are, so there is no tunnel device on which it could have the VIP`,
    `use placement: ${namesOf(PLACEMENTS)
      .filter((name) => !placementRow(name).onTunnels)
      .join(', ')}; or forward: ${methodsThat((name) => forwarding(name).tunnels)}`,
  )
  return false
}

const methodsThat = (has: (name: keyof typeof FORWARDING) => boolean): string =>
  namesOf(FORWARDING).filter(has).join(' or ')
