import type { Topology } from '../topology.ts'
import { withIpv6 } from './both-families.ts'
import { standard } from './default.ts'

const http = standard.services[0] as object
const wanted = ['client', 'dir1', 'dir2', 'rs1', 'rs3']
const [GATEWAY, VIP] = ['2001:db8:12::254', '2001:db8:11::10']

/** NAT of IPv6: rs3 behind a gateway of the directors. rs1 serves IPv4 by DR, and is the third vote. */
export const nat6: Topology = {
  ...standard,
  name: 'nat6',
  about: 'two directors, rs3 by NAT over IPv6, rs1 by DR over IPv4, a client',
  nodes: standard.nodes
    .filter(({ name }) => wanted.includes(name))
    .map((node) => (node.name === 'rs3' ? { ...withIpv6(node), web: 8080 } : withIpv6(node))),
  groups: [
    { name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24', `${VIP}/64`], gateways: [`${GATEWAY}/64`] },
  ],
  services: [
    { ...http, realservers: [{ node: 'rs1', address: '10.11.0.11', forward: 'dr', weight: 1 }] },
    {
      ...http,
      name: 'http6',
      address: VIP,
      realservers: [{ node: 'rs3', address: '2001:db8:12::13', port: 8080, forward: 'nat', weight: 1 }],
    },
  ],
}
