import type { Topology } from '../topology.ts'
import { coordinated } from './coordinated.ts'

const wanted = ['client', 'dir1', 'rs1', 'rs2']

/** The least that is a cluster with coordinators: one director, which is the one voter; and an empty machine. */
export const small: Topology = {
  ...coordinated,
  name: 'small',
  about: 'dir1, the one director and coordinator; rs1; rs2, an empty machine at first; a client',
  nodes: coordinated.nodes
    .filter(({ name }) => wanted.includes(name))
    // Of directors alone.
    .map((node) => ({ ...node, coordinator: false })),
  groups: [{ name: 'web', directors: ['dir1'], vips: ['10.11.0.10/24'] }],
}
