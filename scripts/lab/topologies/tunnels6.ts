import type { Topology } from '../topology.ts'
import { withIpv6 } from './both-families.ts'
import { standard } from './default.ts'

const http = standard.services[0] as object
const wanted = ['client', 'dir1', 'dir2', 'rs1', 'rs2']
const VIP = '2001:db8:11::10'
const realservers = [
  { node: 'rs1', address: '2001:db8:12::11', forward: 'tun', weight: 1 },
  { node: 'rs2', address: '2001:db8:12::12', forward: 'tun', tunnel: 'gre', placement: 'tunnel', weight: 1 },
]
const uploads = realservers.map((one) => (one.node === 'rs1' ? { ...one, tunnel: 'gue' } : one))

/** Tunnels over IPv6: packets come wrapped on the inside network, answers leave on the outside one. rs1 serves IPv4 by DR, and is the third vote. */
export const tunnels6: Topology = {
  ...standard,
  name: 'tunnels6',
  about:
    'two directors, rs1 (votes) by IP in IP and GUE, rs2 by GRE (the VIP on its tunnel devices), all over IPv6, a client',
  linksV6: ['inside'],
  nodes: standard.nodes.filter(({ name }) => wanted.includes(name)).map((node) => withIpv6(node)),
  groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24', `${VIP}/64`] }],
  services: [
    { ...http, realservers: [{ node: 'rs1', address: '10.11.0.11', forward: 'dr', weight: 1 }] },
    { ...http, name: 'http6', address: VIP, scheduler: 'rr', realservers },
    {
      ...http,
      ...{ name: 'upload6', address: VIP, port: 9000, scheduler: 'rr', check: { type: 'none' }, realservers: uploads },
    },
  ],
}
