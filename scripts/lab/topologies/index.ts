import type { Topology } from '../topology.ts'
import { both } from './both.ts'
import { coordinated } from './coordinated.ts'
import { standard } from './default.ts'
import { dual } from './dual.ts'
import { lean } from './lean.ts'
import { nat6 } from './nat6.ts'
import { pair } from './pair.ts'
import { placements } from './placements.ts'
import { shared } from './shared.ts'
import { small } from './small.ts'
import { six } from './six.ts'
import { thousand } from './thousand.ts'
import { translated } from './translated.ts'
import { tunnels } from './tunnels.ts'
import { tunnels6 } from './tunnels6.ts'
import { wan } from './wan.ts'
import { ways } from './ways.ts'

/** Every topology that `--topology` takes. */
export const topologies: readonly Topology[] = [
  standard,
  six,
  pair,
  wan,
  coordinated,
  small,
  lean,
  dual,
  tunnels,
  tunnels6,
  both,
  shared,
  nat6,
  translated,
  thousand,
  ways,
  placements,
]

export const topologyNamed = (name: string): Topology | undefined => topologies.find((one) => one.name === name)
