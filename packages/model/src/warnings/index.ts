/** All that a configuration without faults may be warned about. */
import { directors, idlers, namesakes, voters } from './quorum.ts'
import { keys } from './keys.ts'
import { hostAddresses, linkNetworks, prefixes, realserverPlaces, vipNetworks } from './networks.ts'
import { ports, revisions, sizes } from './sizes.ts'
import { gateways, oneNetworks } from './gateways.ts'
import { checkedPorts, checks, clearChecks, locals, ownViews, silentChecks, weights } from './services.ts'
import { slowStarts, zeroWeights } from './schedulers.ts'
import { localRoutes } from './placements.ts'
import { sync } from './sync.ts'
import { timing } from './timing.ts'
import type { WarningRule } from './warning.ts'

export type { WarningRule } from './warning.ts'

export const WARNINGS: readonly WarningRule[] = [
  voters,
  directors,
  idlers,
  namesakes,
  keys,
  timing,
  sync,
  ports,
  sizes,
  revisions,
  prefixes,
  vipNetworks,
  linkNetworks,
  hostAddresses,
  realserverPlaces,
  weights,
  zeroWeights,
  locals,
  checks,
  slowStarts,
  checkedPorts,
  clearChecks,
  silentChecks,
  ownViews,
  gateways,
  oneNetworks,
  localRoutes,
]
