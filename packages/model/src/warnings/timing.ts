/** Timing that is possible, and tells less than it could. */
import { timingOf } from '../rules/keys.ts'
import type { WarningRule } from './warning.ts'

export const timing: WarningRule = (draft, warn) => {
  const { leaseMs, deadtimeMs } = timingOf(draft)
  if (deadtimeMs < leaseMs)
    warn(
      'warning',
      'deadtime-below-lease',
      ['timing', draft.timing?.deadtime === undefined ? 'lease' : 'deadtime'],
      `deadtime ${deadtimeMs} ms < lease ${leaseMs} ms: a node is shown as dead while its lease still lives`,
      'raise deadtime above lease',
    )
}
