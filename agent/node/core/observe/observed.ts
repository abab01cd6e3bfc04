/** What becomes of a look at the kernel, and of what was changed in it. */
import { describeOperation, type Observed } from '@lvsm/plan'
import { begin } from '../check/members.ts'
import { turnsApplied } from '../check/through.ts'
import type { Failure, NodeInput } from '../events.ts'
import { note } from '../history/history.ts'
import { isDraining } from '../move/owner.ts'
import { forgettingGroups, handoversStand } from '../move/successor.ts'
import { noteMtus } from '../mtus.ts'
import { groupOf } from '../plan/about.ts'
import { noteFights } from '../plan/fights.ts'
import { logPlan, reconcile, unreadSettings, untold } from '../plan/reconcile.ts'
import { publishSoon, publishView } from '../publish/publish.ts'
import type { NodeState } from '../state.ts'
import { LOOK_IN, looked, lookWithin } from './look.ts'
import { noteOwnAddresses } from './own-addresses.ts'
import { noteStrays } from './strays.ts'
import { noteAnswers } from './answers.ts'
import { noteWays } from './ways.ts'

export function onObserved(state: NodeState, observed: Observed): void {
  looked(state)
  noteOwnAddresses(state, observed)
  noteWays(state, observed)
  noteAnswers(state, observed)
  noteStrays(state, observed)
  noteMtus(state, observed)
  state.kernel.unread = { times: 0, error: '' }
  if (isDraining(state)) lookWithin(state, LOOK_IN.drainingMs)
  if (!state.checks.begun) begin(state, observed)
  const repairs = new Set(reconcile(state, observed))
  noteFights(state, repairs, observed)
  const news = untold(state, repairs)
  const restored = logPlan(state, repairs, news)
  // The kernel is as it should be again: the others see its table by our word. A move has better things to do.
  if (restored && !isDraining(state)) publishSoon(state)
  for (const operation of news) {
    const reason = `somebody changed the kernel: ${describeOperation(operation)}`
    note(state, { group: groupOf(state, operation), kind: 'repaired', number: 0, reason })
    publishSoon(state)
  }
  if (unreadSettings(state, observed)) lookWithin(state)
  else if (!state.kernel.pending.some(({ kind }) => kind === 'nat-rules')) handoversStand(state)
  publishView(state, observed)
}

/** What was refused before, and has its turn in a later step. */
function untried({ pending, failures }: NodeState['kernel'], tried: ReadonlySet<string>): readonly Failure[] {
  const left = new Set(pending.map(describeOperation).filter((text) => !tried.has(text)))
  return failures.filter(({ operation }) => left.has(describeOperation(operation)))
}

/** What failed is tried again at the next look; what went well is seen to stand soon; what is left of a large plan follows at once. */
export function onApplied(state: NodeState, { failures }: Extract<NodeInput, { kind: 'applied' }>): void {
  const { kernel } = state
  const tried = new Set(kernel.step.map(describeOperation))
  const isWhole = kernel.step.length === kernel.pending.length
  kernel.failures = isWhole ? failures : [...untried(kernel, tried), ...failures]
  kernel.acknowledged = failures.length > 0 ? new Set() : tried
  if (!isWhole) return lookWithin(state)
  turnsApplied(state)
  if (failures.length > 0) return
  handoversStand(state)
  lookWithin(state, forgettingGroups(state).size > 0 ? 0 : LOOK_IN.verifyMs)
}
