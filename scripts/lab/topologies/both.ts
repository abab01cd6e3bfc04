import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as { readonly realservers: readonly { readonly node: string }[] }
const DIRECTORS = ['dir1', 'dir2']
const wanted = ['client', ...DIRECTORS, 'rs1']

/** Two machines that are directors and realservers both; rs1 serves by DR, and is the third vote. */
export const both: Topology = {
  ...standard,
  name: 'both',
  about: 'two directors that serve themselves, rs1 by DR, a client',
  nodes: standard.nodes
    .filter(({ name }) => wanted.includes(name))
    .map((node) => (DIRECTORS.includes(node.name) ? { ...node, roles: ['director', 'realserver'], web: 80 } : node)),
  groups: [{ name: 'web', directors: DIRECTORS, vips: ['10.11.0.10/24'] }],
  services: [
    {
      ...http,
      scheduler: 'rr',
      realservers: [
        { node: 'dir1', address: '10.11.0.1', forward: 'local', weight: 1 },
        { node: 'dir2', address: '10.11.0.2', forward: 'local', weight: 1 },
        ...http.realservers.filter(({ node }) => node === 'rs1'),
      ],
    },
  ],
}
