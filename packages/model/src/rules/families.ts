/** Families of addresses in one service: its own, its realservers', and the forwarding methods that a family has. */
import { familyOf } from '@lvsm/base'
import { FAMILIES, type FamilyRow, type Forward, forwarding } from '../tables/index.ts'
import { namesOf } from '../tables/table.ts'
import type { Served, Service } from './pools.ts'
import type { Refuse } from './rule.ts'

export function checkFamily(server: Served, service: Service, refuse: Refuse): void {
  const { item } = server
  if (service.address === undefined) return
  const family = familyOf(service.address)
  const { title, methods }: FamilyRow = FAMILIES[family]
  const whose = server.pool === null ? 'the service' : `service "${service.name}"`
  if (item.forward !== undefined && methods !== null && !methods.includes(item.forward)) {
    refuse(
      'family-not-supported',
      server.here('forward'),
      `${whose} has the ${title} address ${service.address}: ${forwarding(item.forward).title} is for ${titlesWith(item.forward)} in this version`,
      `use forward: ${methods.join(' or ')}, or an address of ${titlesWith(item.forward)}`,
    )
    return
  }
  if (item.address === undefined || familyOf(item.address) === family) return
  const override = server.pool === null ? '' : `, in this service by overrides: [{ node: ${item.node}, address: … }]`
  refuse(
    'mixed-families',
    server.here('address'),
    `${item.address} is an ${FAMILIES[familyOf(item.address)].title} address, and ${whose} has the ${title} address ${service.address}: a packet goes to a realserver in the family in which it came`,
    `give an ${title} address of "${item.node}"${override}`,
  )
}

const titlesWith = (method: Forward): string =>
  namesOf(FAMILIES)
    .map((name): FamilyRow => FAMILIES[name])
    .filter(({ methods }) => methods?.includes(method) ?? true)
    .map(({ title }) => title)
    .join(' or ')
