/** What other nodes say of their wall clocks. */
import { between, type Instant } from '@lvsm/base'
import type { StateMessage } from '@lvsm/protocol'
import type { HeardState, NodeState } from './state.ts'

/**
 * Words come late, on a machine that is held up by seconds: that makes their sender's clock look slow. So a node knows of the others only what they
 * are ahead at least, and tells them; what it is ahead itself it has from them. Of so many words the one that came soonest counts.
 */
export const WORDS = 5
/** Less is told to nobody. Milliseconds. */
const AHEAD_TOLD_MS = 500
/** One that is far behind is so of all, and says that of itself. */
const AHEAD_TOLD = 8
/** So long what a node said of its clock holds while it is silent: it is the machine's, and goes on while an agent starts anew. */
const WALL_KEPT_MS = 60_000

/** What a peer's wall clock is ahead of this node's clock that only goes forward, so that setting this one's makes no difference; the last ones. */
export function wallsHeard(now: Instant, before: HeardState | null, said: StateMessage): readonly number[] {
  const { wall, wallSet = 0, boot } = said
  if (wall === undefined) return []
  const isSet = before?.message.boot === boot && (before?.message.wallSet ?? 0) !== wallSet
  const known = before && !isSet && between(before.at, now) < WALL_KEPT_MS ? before.walls : []
  return [...known, wall - now].slice(-WORDS)
}

/** This node's wall clock was set, and perhaps all were at once: what was said before says nothing any more. */
export function forgetWalls({ states }: NodeState): void {
  for (const [name, heard] of states) states.set(name, { ...heard, walls: [] })
}

/** What another node's wall clock is ahead of this one's, at least; null: too little was heard lately. An agent that starts anew is silent for a moment. */
function aheadOf({ now, wallMs }: NodeState, { at, walls }: HeardState): number | null {
  const isKnown = walls.length === WORDS && between(at, now) < WALL_KEPT_MS
  return isKnown ? Math.max(0, Math.max(...walls) - (wallMs(now) - now)) : null
}
/** Other node → what this one's wall clock is ahead of its; behind: below 0. Both are so much at least: 0 says that nothing is known of it. */
export const aheadHere = (state: NodeState): ReadonlyMap<string, number> =>
  new Map(
    [...state.states].flatMap(([name, heard]): [string, number][] => {
      const theirs = aheadOf(state, heard)
      if (theirs === null) return []
      return [[name, theirs > 0 ? -theirs : (heard.message.ahead?.[state.node] ?? 0)]]
    }),
  )
export function aheadSaid(state: NodeState): Pick<StateMessage, 'ahead'> {
  const ahead = [...state.states].flatMap(([name, heard]): [string, number][] => {
    const ms = aheadOf(state, heard)
    return ms !== null && ms >= AHEAD_TOLD_MS ? [[name, Math.round(ms)]] : []
  })
  const most = ahead.toSorted(([, one], [, other]) => other - one).slice(0, AHEAD_TOLD)
  return most.length > 0 ? { ahead: Object.fromEntries(most) } : {}
}
