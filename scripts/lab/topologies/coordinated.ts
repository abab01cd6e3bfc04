import type { Topology } from '../topology.ts'
import { wan } from './wan.ts'

const http = wan.services[0] as { readonly realservers: readonly { readonly node: string }[] }
const wanted = ['client', 'dir1', 'dir2', 'rs1', 'rs2']
/** What of a node is about coordinators. */
const parts: Readonly<Record<string, { readonly coordinator?: boolean; readonly empty?: boolean }>> = {
  rs1: { coordinator: true },
  rs2: { empty: true },
}

/** For clusters with coordinators: dir1, dir2 and rs1 have one; rs2 is an empty machine at first. */
export const coordinated: Topology = {
  ...wan,
  name: 'coordinated',
  about: 'two directors and rs1, all three coordinators where there are some; rs2, an empty machine then; a client',
  nodes: wan.nodes.filter(({ name }) => wanted.includes(name)).map((node) => ({ ...node, ...parts[node.name] })),
  groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24'] }],
  services: [{ ...http, realservers: http.realservers.filter(({ node }) => node === 'rs1') }],
}
