import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as object
/** The last part of a node's address is the same in both families. */
const alike = (address: string): string => `2001:db8:11::${address.split('.').at(-1)}`
/** By tunnelling it answers clients itself, on the outside network, at the port of the service. */
const third = { addresses: { outside: '10.11.0.13', inside: '10.12.0.13' }, web: 80 }

/** Three realservers that have the VIP elsewhere than on lo: on a dummy device, as a local route, on tunnel devices. */
export const placements: Topology = {
  ...standard,
  name: 'placements',
  about: 'two directors, rs1 (votes) and rs2 by DR, rs3 by tunnelling, a client; VIPs of both families beside lo',
  nodes: standard.nodes
    .map((node) => (node.name === 'rs3' ? { ...node, ...third } : node))
    .map((node) => ({ ...node, more: { outside: [`${alike(node.addresses['outside'] ?? '')}/64`] } })),
  groups: [
    { name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24', '2001:db8:11::10/64'], ping: ['10.11.0.100'] },
  ],
  services: [
    {
      ...http,
      scheduler: 'rr',
      realservers: [
        { node: 'rs1', address: '10.11.0.11', forward: 'dr', placement: 'dummy', weight: 1 },
        { node: 'rs2', address: '10.11.0.12', forward: 'dr', placement: 'route', weight: 1 },
        { node: 'rs3', address: '10.12.0.13', forward: 'tun', placement: 'tunnel', weight: 1 },
      ],
    },
    {
      ...http,
      name: 'http6',
      address: '2001:db8:11::10',
      scheduler: 'rr',
      realservers: [
        { node: 'rs1', address: '2001:db8:11::11', forward: 'dr', placement: 'dummy', weight: 1 },
        { node: 'rs2', address: '2001:db8:11::12', forward: 'dr', placement: 'route', weight: 1 },
      ],
    },
  ],
}
