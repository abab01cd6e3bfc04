/** What happens to the node itself: its programs start and end, its wall clock is set, its maintenance begins and ends. */
import { after, spanText } from '@lvsm/base'
import type { EventKind, LeaseStatus } from '@lvsm/protocol'
import { standingOf } from '@lvsm/changes'
import type { NodeInput } from '../events.ts'
import type { NodeState } from '../state.ts'
import { note } from './history.ts'
import { forgetWalls } from '../walls.ts'

/** What only drifts, or is slewed into place, is no step. Milliseconds. */
const STEP_MS = 1000

const about = (kind: EventKind, reason: string) => ({ group: '', kind, number: 0, reason })

/** Nothing is decided by it: but whoever reads times must know that they jump. */
export function noteWallClock(state: NodeState): void {
  const { history, now } = state
  const aheadMs = state.wallMs(now) - now
  const stepMs = aheadMs - history.wallAheadMs
  history.wallAheadMs = aheadMs
  if (Math.abs(stepMs) < STEP_MS) return
  history.wallSet += 1
  forgetWalls(state)
  const way = stepMs > 0 ? 'forward' : 'back'
  const reason = `the wall clock of ${state.node} was set ${way} by ${spanText(Math.abs(stepMs))}: the times of what happened before are as it showed them then`
  note(state, about('clock', reason))
}

/** A life that was told of as ended. */
const ended = (life: string): string => `${life} ended`

/** As the adapter finds it, again and again. */
export function noteProgram(state: NodeState, found: Extract<NodeInput, { kind: 'program' }>): void {
  const { programs } = state.history
  const { program, life } = found
  const known = programs.get(program)
  const isNew = known !== life && known !== ended(life)
  if (isNew && known !== undefined && !known.endsWith(ended('')))
    note(state, about('ended', found.before ?? `${program} ended, and nothing is known of how`))
  if (isNew) note(state, about('started', found.started), after(state.now, -found.ageMs))
  if (found.ended !== null && known !== ended(life)) note(state, about('ended', found.ended))
  programs.set(program, found.ended === null ? life : ended(life))
}

export function noteAbsence(state: NodeState, { program, why }: Extract<NodeInput, { kind: 'absent' }>): void {
  if (why === null) state.absent.delete(program)
  else state.absent.set(program, { why, at: state.now })
}

/** The lease process says that it takes nothing any more, or takes again. */
export function noteStandby(state: NodeState, before: LeaseStatus | null, { standby }: LeaseStatus): void {
  if (before === null || before.standby === standby) return
  const standing = standingOf(state.facts, state.node, state.word)
  const why = standing?.on === standby ? `, by ${standing.author}` : ''
  note(state, about('standby', `${state.node} is ${standby ? '' : 'no longer '}under maintenance${why}`))
}
