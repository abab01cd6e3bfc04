import type { Service } from '../places.ts'
import type { Topology } from '../topology.ts'
import { keepalived } from './keepalived.ts'

export interface Step {
  readonly argv: readonly string[]
  readonly input?: string
}

/** A rival in the same namespaces: what to set up, what to run, what to take away afterwards. */
export interface PeerPlan {
  readonly enter: readonly Step[]
  readonly services: readonly Service[]
  readonly leave: readonly Step[]
}

const peers: Readonly<Record<string, (topology: Topology) => PeerPlan>> = {
  keepalived: (topology) => keepalived(topology),
}

export function peerNamed(name: string, topology: Topology): PeerPlan {
  const make = peers[name]
  if (!make) throw new RangeError(`no peer is called ${name}; there is ${Object.keys(peers).join(', ')}`)
  return make(topology)
}
