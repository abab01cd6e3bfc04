import type { Topology } from '../topology.ts'
import { both } from './both.ts'

const http = both.services[0] as object

/** Two machines that are directors and realservers both, and share the load: each hands on to the other one by full NAT. */
export const shared: Topology = {
  ...both,
  name: 'shared',
  about: 'two directors that share the load, rs1 by its vote alone, a client',
  nodes: both.nodes.map((node) =>
    node.name === 'rs1' ? { name: node.name, roles: ['witness'], voter: true, addresses: node.addresses } : node,
  ),
  services: [
    {
      ...http,
      realservers: [
        { node: 'dir1', address: '10.11.0.1', forward: 'fullnat', weight: 1 },
        { node: 'dir2', address: '10.11.0.2', forward: 'fullnat', weight: 1 },
      ],
    },
  ],
}
