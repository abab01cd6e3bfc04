/** Families of addresses in one service: its own, and its realservers'. */
import { familyOf } from '@lvsm/base'
import { FAMILIES, forwarding } from '../tables/index.ts'
import type { Served, Service } from './pools.ts'
import type { Refuse } from './rule.ts'

export function checkFamily(server: Served, service: Service, refuse: Refuse): void {
  const { item } = server
  if (service.address === undefined) return
  const family = familyOf(service.address)
  const { title } = FAMILIES[family]
  const whose = server.pool === null ? 'the service' : `service "${service.name}"`
  if (item.address === undefined || familyOf(item.address) === family) return
  const why =
    item.forward !== undefined && forwarding(item.forward).tunnels
      ? 'IPVS would wrap it in the other family, and then refuses to tell the other directors of connections'
      : 'a packet goes to a realserver in the family in which it came'
  const override = server.pool === null ? '' : `, in this service by overrides: [{ node: ${item.node}, address: … }]`
  refuse(
    'mixed-families',
    server.here('address'),
    `${item.address} is an ${FAMILIES[familyOf(item.address)].title} address, and ${whose} has the ${title} address ${service.address}: ${why}`,
    `give an ${title} address of "${item.node}"${override}`,
  )
}
