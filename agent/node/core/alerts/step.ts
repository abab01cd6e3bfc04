/** Alerts within a step of the agent: what is wrong is looked at, and whoever should hear of news hears soon. */
import type { NodeInput } from '../events.ts'
import { publishSoon, saying } from '../publish/publish.ts'
import { ownedGroups, reportStatus } from '../publish/status.ts'
import { troubles } from '../publish/troubles.ts'
import type { NodeState } from '../state.ts'
import { onDelivered, stepAlerts } from './alerting.ts'
import { causesOf } from './causes.ts'
import { testDelivered } from './report.ts'

export function alertIfDue(state: NodeState): void {
  const look = (): ReturnType<typeof causesOf> => {
    const present = troubles(state)
    const status = reportStatus(state, saying(state, present), present)
    return causesOf(status, ownedGroups(state), state.coordinators)
  }
  if (stepAlerts(state, look)) publishSoon(state)
}

export function onDelivery(state: NodeState, { id, ok, reason }: Extract<NodeInput, { kind: 'delivered' }>): void {
  if (!testDelivered(state, id, ok, reason) && onDelivered(state, id, ok, reason)) publishSoon(state)
}
