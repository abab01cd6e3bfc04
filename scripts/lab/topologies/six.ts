import type { Topology } from '../topology.ts'
import { standard } from './default.ts'

const http = standard.services[0] as { readonly realservers: readonly unknown[] }

/** The default and rs4 by DR: six cluster nodes. */
export const six: Topology = {
  ...standard,
  name: 'six',
  about: 'the default and rs4 by DR: six cluster nodes',
  nodes: [
    ...standard.nodes,
    { name: 'rs4', roles: ['realserver'], addresses: { outside: '10.11.0.14', inside: '10.12.0.14' }, web: 80 },
  ],
  services: [
    { ...http, realservers: [...http.realservers, { node: 'rs4', address: '10.11.0.14', forward: 'dr', weight: 1 }] },
  ],
}
