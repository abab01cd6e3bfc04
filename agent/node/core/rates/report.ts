/** The rates of the last hours as `lvsm stats --history` reads them. */
import { RATE_SPANS, type RateHistory } from '@lvsm/protocol'
import type { NodeState } from '../state.ts'
import { directsAny } from './rates.ts'
import { busynessOf, newSeries, seriesOf } from './series.ts'

/** Without a name only so many are told, which is soon done; the names of the others are. */
const BUSIEST = 8

/** `service`: that one alone; one that had no traffic has an empty history. */
export function rateHistoryOf(
  state: Pick<NodeState, 'rates' | 'config' | 'node' | 'wall' | 'view'>,
  service?: string,
): RateHistory {
  const { rates, config, node, wall } = state
  const { count, total, services, rest, last } = rates
  const sorted = [...services]
    .map(([name, series]) => ({ name, series, busyness: service === undefined ? busynessOf(series) : 0 }))
    .toSorted((one, other) => other.busyness - one.busyness)
  const told = service === undefined ? sorted.slice(0, BUSIEST) : sorted.filter(({ name }) => name === service)
  const names = new Set(told.map(({ name }) => name))
  return {
    cluster: config?.cluster ?? '',
    node,
    at: last && count > 0 ? wall(last.at) : null,
    directs: directsAny(state),
    stepMs: { hour: RATE_SPANS.hour.stepMs, halfDay: RATE_SPANS.halfDay.stepMs },
    total: seriesOf(total ?? newSeries(), count),
    services: told.map(({ name, series }) => ({ name, ...seriesOf(series, count) })),
    more: sorted.flatMap(({ name }) => (names.has(name) ? [] : [name])),
    rest: rest && seriesOf(rest, count),
  }
}
