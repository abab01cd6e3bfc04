/** A realserver that needs a gateway has one. */
import { type Family, familyOf } from '@lvsm/base'
import { parseCidr } from '../address.ts'
import type { Draft } from '../schema.ts'
import { DEFAULT_ROUTE, forwarding, ROUTES } from '../tables/index.ts'
import { type Served, served } from './pools.ts'
import { entries, type Refuse, type Rule } from './rule.ts'

type Group = NonNullable<NonNullable<Draft['groups']>[number]>
interface Way {
  readonly group: Group
  readonly gateway: string | undefined
  readonly family: Family
  /** By the default route of the node. */
  readonly ofNode: boolean
}

function wayOf({ item }: Served, group: Group): Way {
  const family = familyOf(item.address ?? '')
  const all = (group.gateways ?? []).flatMap(
    (one) => parseCidr((typeof one === 'string' ? one : one?.address) ?? '')?.address ?? [],
  )
  const [only, ...others] = all.filter((one) => familyOf(one) === family)
  const gateway = item.gateway ?? (others.length === 0 ? only : undefined)
  return { group, gateway, family, ofNode: ROUTES[item.route ?? DEFAULT_ROUTE].ofNode }
}
/** One default route of each family, and one table for its answers: so one gateway, so one owner. The families know nothing of each other. */
export const natRealservers: Rule = (draft, refuse) => {
  const known = new Map<string, Way[]>()
  for (const { at, item: service } of entries(draft.services)) {
    const group = entries(draft.groups).find(({ item }) => item.name === service.group)?.item
    if (!group) continue
    for (const server of served(draft, at)) {
      const { forward, node } = server.item
      if (forward === undefined || node === undefined || !forwarding(forward).needsGateway) continue
      const way = wayOf(server, group)
      const ways = known.get(node) ?? []
      const before = ways.find(({ family }) => family === way.family)
      if (before) compare(node, [before, way], server, refuse)
      else known.set(node, [...ways, way])
    }
  }
}

function compare(node: string, [before, way]: readonly [Way, Way], server: Served, refuse: Refuse): void {
  const { gateway } = way
  if (before.group !== way.group) refuseGroups(node, [before, way], server, refuse)
  else if (gateway !== undefined && before.gateway !== undefined && before.gateway !== gateway)
    refuse(
      'two-gateways',
      server.here(),
      before.ofNode
        ? `"${node}" already has its default route through ${before.gateway}`
        : `answers of "${node}" already go through ${before.gateway}`,
      'use one gateway of each family for each NAT realserver',
    )
}

function refuseGroups(node: string, [before, way]: readonly [Way, Way], server: Served, refuse: Refuse): void {
  const [one, other] = [before.group, way.group]
  const same = JSON.stringify(one.directors) === JSON.stringify(other.directors)
  const why = same
    ? 'the two groups can have different owners'
    : `with directors ${one.directors?.join(', ')} and ${other.directors?.join(', ')}`
  const pool = server.pool === null ? '' : ` (pool "${server.pool}")`
  refuse(
    'nat-two-groups',
    server.here(),
    `"${node}"${pool} is a NAT realserver of the groups "${one.name}" and "${other.name}", ${why}, but ${before.ofNode || way.ofNode ? 'it has one default route' : 'its answers have one gateway'}`,
    server.pool === null
      ? 'put the addresses of both into one group'
      : `merge the groups "${one.name}" and "${other.name}": put the vips and gateways of both into one; or give each its own pool`,
  )
}
