/** What the core says of itself for metrics: nothing that grows with the cluster is looked at but the results of checks. */
import type { Figures } from '@lvsm/protocol'
import { alertFigures } from '../alerts/report.ts'
import { healthOf } from '../check/sight.ts'
import type { NodeState } from '../state.ts'

export function figuresOf(state: NodeState): Figures {
  const { config, counters, checks, published } = state
  const troubles = { critical: 0, warning: 0, info: 0 }
  for (const { severity } of published.troubles.values()) troubles[severity] += 1
  const health = [...checks.members].flatMap(([id, one]) => {
    const { healthy } = healthOf(one)
    return healthy === null ? [] : [[id, healthy] as const]
  })
  const found = [...checks.members].flatMap(([id, { service, last }]) => {
    if (service.check.type !== 'script' || !last) return []
    const { degraded = false, perfdata = [] } = last.found
    return [[id, { degraded, perfdata }] as const]
  })
  // A group that this node directs no more stays in what was said of it.
  const unchecked = new Map([...published.blind].filter(([group]) => published.ready.has(group)))
  return {
    ...{ revision: config?.revision ?? 0, counters: { ...counters }, troubles, health, found, unchecked },
    ...alertFigures(state),
  }
}
