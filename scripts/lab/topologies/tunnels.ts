import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as object
const wanted = ['client', 'dir1', 'dir2', 'rs1', 'rs2']
const realservers = [
  { node: 'rs1', address: '10.12.0.11', forward: 'tun', weight: 1 },
  { node: 'rs2', address: '10.12.0.12', forward: 'tun', tunnel: 'gre', weight: 1 },
]
const uploads = realservers.map((one) => (one.node === 'rs1' ? { ...one, tunnel: 'gue' } : one))

/** Two directors and two realservers: packets come to these wrapped, on the inside network; their answers leave on the outside one. */
export const tunnels: Topology = {
  ...standard,
  name: 'tunnels',
  about: 'two directors, rs1 (votes) by IP in IP and GUE, rs2 by GRE, a client',
  nodes: standard.nodes.filter(({ name }) => wanted.includes(name)),
  groups: [{ name: 'web', directors: ['dir1', 'dir2'], vips: ['10.11.0.10/24'] }],
  services: [
    { ...http, scheduler: 'rr', realservers },
    { ...http, name: 'upload', port: 9000, scheduler: 'rr', check: { type: 'none' }, realservers: uploads },
  ],
}
