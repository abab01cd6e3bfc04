/** An answer to a check, whoever asked for it: a turn through IPVS, somebody by hand, or its schedule. */
import type { NodeInput } from '../events.ts'
import type { NodeState } from '../state.ts'
import { tellVerdicts } from '../verdicts.ts'
import { checked } from './members.ts'
import { turnEnded } from './through.ts'
import { trialEnded } from './trials.ts'
import { unknown } from './unknowns.ts'

export function onChecked(state: NodeState, input: Extract<NodeInput, { kind: 'checked' }>): void {
  const { id, ok, found } = input
  const reason = turnEnded(state, input)
  if (trialEnded(state, { ...input, reason })) return
  if (ok === null) return unknown(state, id, reason)
  tellVerdicts(state, checked(state, id, { ok, reason }, found))
}
