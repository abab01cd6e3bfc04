/** Ping nodes that are reached again, or no more, as events. */
import { note } from '../history/history.ts'
import { publishSoon } from '../publish/publish.ts'
import type { NodeState } from '../state.ts'
import { takePingVerdicts } from './pings.ts'

/** True when there are any. */
export function notePings(state: NodeState): boolean {
  const verdicts = takePingVerdicts(state.pings)
  for (const { address, reached, reason } of verdicts)
    note(state, {
      group: '',
      kind: reached ? 'recovered' : 'failed',
      number: 0,
      reason: `ping node ${address}: ${reason}`,
    })
  if (verdicts.length > 0) publishSoon(state)
  return verdicts.length > 0
}
