import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as { readonly realservers: readonly { readonly node: string }[] }
/** As often as the peer's, whose shortest interval is a second. */
const check = { type: 'tcp', interval: '1s', timeout: '1s', fall: 2, rise: 2 }
const wanted = ['client', 'dir1', 'dir2', 'rs1', 'rs2']

/** Two directors and two realservers by DR: the shape in which keepalived is compared. rs1 is the third vote. */
export const pair: Topology = {
  ...standard,
  name: 'pair',
  timing: { keepalive: '100ms', lease: '330ms', apply: '20ms', warntime: '300ms', deadtime: '1s', drain: '300ms' },
  about: 'two directors, two realservers by DR, a client: for comparisons',
  nodes: standard.nodes.filter((node) => wanted.includes(node.name)),
  groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24'] }],
  services: [{ ...http, check, realservers: http.realservers.filter((server) => wanted.includes(server.node)) }],
}
