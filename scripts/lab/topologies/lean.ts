import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as { readonly realservers: readonly { readonly node: string }[] }
const wanted = ['client', 'dir1', 'dir2', 'rs1']

/** The least that moves: the emulated machine has room beside it for a process that starts. */
export const lean: Topology = {
  ...standard,
  name: 'lean',
  about: 'two directors, one realserver by DR, a client: room for processes that start',
  nodes: standard.nodes.filter((node) => wanted.includes(node.name)),
  groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24'] }],
  services: [{ ...http, realservers: http.realservers.filter((server) => wanted.includes(server.node)) }],
}
