/** What a scheduler makes of weights. */
import { refusesAtZero, SCHEDULERS, type SchedulerRow } from '../tables/index.ts'
import { served } from '../rules/pools.ts'
import { entries } from '../rules/rule.ts'
import type { WarningRule } from './warning.ts'

/** A realserver that is to take nobody, and has its share of the clients all the same. */
export const zeroWeights: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const { scheduler } = service
    const schedulerFlags = entries(service['scheduler-flags']).map(({ item }) => item)
    if (scheduler === undefined || !refusesAtZero({ scheduler, schedulerFlags })) continue
    const servers = served(draft, at)
    const zero = servers.find(({ item }) => item.weight === 0 && item.backup !== true)
    if (!zero || servers.every(({ item }) => item.weight === 0)) continue
    warn(
      'warning',
      'weight-zero-refuses',
      zero.here('weight'),
      `clients whose hash leads to "${zero.item.node}" are refused: it has weight 0, and the scheduler ${scheduler} asks no other one for them`,
      `take it out of service "${service.name}" (lvsm stop ${zero.item.node} does), or use the scheduler sh or mh with its fallback`,
    )
  }
}

/** Weights that grow change nothing where weights change nothing. */
export const slowStarts: WarningRule = (draft, warn) => {
  for (const { at, item: service } of entries(draft.services)) {
    const { scheduler, check } = service
    if (scheduler === undefined || check?.['slow-start'] === undefined) continue
    const { weighted, hashes }: SchedulerRow = SCHEDULERS[scheduler]
    if (weighted || hashes) continue
    warn(
      'warning',
      'slow-start-unweighted',
      ['services', at, 'check', 'slow-start'],
      `slow-start changes nothing in service "${service.name}": the scheduler ${scheduler} gives nobody a larger share for more weight`,
      'use scheduler: wrr or wlc, or take slow-start out',
    )
  }
}
