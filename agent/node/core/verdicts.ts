/** What becomes of verdicts: they are told, and the kernel's table follows them. */
import type { Verdict } from './check/members.ts'
import { note } from './history/history.ts'
import { lookWithin } from './observe/look.ts'
import { publishSoon } from './publish/publish.ts'
import type { NodeState } from './state.ts'

export function tellVerdicts(state: NodeState, verdicts: readonly Verdict[]): void {
  for (const { event } of verdicts)
    if (event) {
      note(state, { ...event, number: 0 })
      publishSoon(state)
    }
  if (verdicts.some(({ changed }) => changed)) lookWithin(state)
}
