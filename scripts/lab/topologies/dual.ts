import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as { readonly realservers: readonly { readonly node: string }[] }
const wanted = ['client', 'dir1', 'dir2', 'rs1', 'rs2']
/** The last part of a node's address is the same in both families. */
const alike = (address: string): string => `2001:db8:11::${address.split('.').at(-1)}`

/** Addresses of both families in one group, both served by direct routing. rs1 is the third vote. */
export const dual: Topology = {
  ...standard,
  name: 'dual',
  about: 'two directors, two realservers by DR, a client; IPv4 and IPv6',
  nodes: standard.nodes
    .filter(({ name }) => wanted.includes(name))
    .map((node) => ({ ...node, more: { outside: [`${alike(node.addresses['outside'] ?? '')}/64`] } })),
  groups: [
    {
      name: 'web',
      directors: ['dir1', 'dir2'],
      vips: ['10.11.0.10/24', '2001:db8:11::10/64'],
      ping: ['10.11.0.100'],
    },
  ],
  services: [
    { ...http, realservers: http.realservers.filter(({ node }) => wanted.includes(node)) },
    {
      ...http,
      name: 'http6',
      address: '2001:db8:11::10',
      realservers: http.realservers
        .filter(({ node }) => wanted.includes(node))
        .map((server) => ({ ...server, address: alike((server as { readonly address?: string }).address ?? '') })),
    },
  ],
}
