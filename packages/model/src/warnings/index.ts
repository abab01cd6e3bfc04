/** All that a configuration without faults may be warned about. */
import { directors, idlers, voters } from './quorum.ts'
import { keys } from './keys.ts'
import { linkNetworks, prefixes, realserverPlaces, vipNetworks } from './networks.ts'
import { ports, sizes } from './sizes.ts'
import { gateways, weights } from './services.ts'
import { timing } from './timing.ts'
import type { WarningRule } from './warning.ts'

export type { WarningRule } from './warning.ts'

export const WARNINGS: readonly WarningRule[] = [
  voters,
  directors,
  idlers,
  keys,
  timing,
  ports,
  sizes,
  prefixes,
  vipNetworks,
  linkNetworks,
  realserverPlaces,
  weights,
  gateways,
]
