/**
 * This node's wall clock beside those of the other nodes that are heard. Nothing of the cluster is decided by it (events are ordered by cause), but
 * people read its times side by side, and certificates, tokens and whatever else runs on the machine go by it. Each node tells of its own clock alone; of two that
 * hear nobody else, one tells of both.
 */
import { spanText, type Trouble } from '@lvsm/base'
import { stateOf } from './peers.ts'
import type { NodeState } from './state.ts'
import { aheadHere } from './walls.ts'

const CODE = 'clock-apart'
/** Who is not slewed into place is apart by more than seconds before long; it ends where one would not see it. */
const APART_MS = { from: 2000, until: 1000 } as const

interface Apart {
  /** What this node's wall clock is ahead; behind: below 0. */
  readonly ms: number
  readonly others: readonly string[]
}
/** Null: too little was heard. Of two in the middle the nearer one counts. */
function apartNow(state: NodeState): Apart | null {
  const found = aheadHere(state)
  const sorted = [...found.values()].toSorted((one, other) => one - other)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (low === undefined || high === undefined) return null
  return { ms: Math.abs(low) <= Math.abs(high) ? low : high, others: [...found.keys()] }
}

export function clockTroubles(state: NodeState): Trouble[] {
  const { node } = state
  const isTold = [...state.history.lasting.values()].some(({ code }) => code === CODE)
  const apart = apartNow(state)
  if (!apart || Math.abs(apart.ms) <= (isTold ? APART_MS.until : APART_MS.from)) return []
  const [only = '', ...more] = apart.others
  const [span, next] = [
    spanText(Math.abs(apart.ms)),
    'timedatectl, and what should set it (chronyc tracking, or timedatectl timesync-status)',
  ]
  const about = { code: CODE, severity: 'warning', object: `node ${node}` } as const
  if (more.length > 0) {
    const whose = `those of the ${apart.others.length} other nodes that it hears (their median)`
    const message = `the wall clock of ${node} is ${span} ${apart.ms > 0 ? 'ahead of' : 'behind'} ${whose}`
    return [{ ...about, message, hint: `on ${node}: ${next}` }]
  }
  if (!isMine(state, only, isTold)) return []
  const message = `the wall clocks of ${node} and ${only} are ${span} apart: that of ${node} is ${apart.ms > 0 ? 'ahead' : 'behind'}`
  return [
    {
      ...about,
      message,
      hint: `on ${node}, and on ${only}: ${next}; which one is wrong, no third node is heard to say`,
    },
  ]
}

/** Of two the one whose name comes first tells it, unless the other one did already: it knew which one is wrong while there was a third. */
function isMine(state: NodeState, other: string, isTold: boolean): boolean {
  const isFirst = state.node < other
  const theirs = stateOf(state, other)?.troubles.some(({ code }) => code === CODE) === true
  return theirs ? isTold && isFirst : isTold || isFirst
}
