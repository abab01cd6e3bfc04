/**
 * This node's wall clock beside those of the other nodes that are heard. Nothing of the cluster is decided by it (events are ordered by cause), but
 * people read its times side by side, and certificates, tokens and whatever else runs on the machine go by it. Each node tells of its own clock alone.
 */
import { spanText, type Trouble } from '@lvsm/base'
import { stateOf } from './peers.ts'
import type { NodeState } from './state.ts'
import { WORDS } from './walls.ts'

/** Who is not slewed into place is apart by more than seconds before long; it ends where one would not see it. */
const APART_MS = { from: 2000, until: 1000 } as const

interface Apart {
  /** What this node's wall clock is ahead; behind: below 0. */
  readonly ms: number
  readonly others: readonly string[]
}
/** Null: too little was heard. Of two in the middle the nearer one counts. */
function apartNow(state: NodeState): Apart | null {
  const own = state.wallMs(state.now) - state.now
  const found = [...state.states].flatMap(([name, { walls }]) =>
    walls.length === WORDS && stateOf(state, name) ? [{ name, ms: own - Math.max(...walls) }] : [],
  )
  const sorted = found.map(({ ms }) => ms).toSorted((one, other) => one - other)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  if (low === undefined || high === undefined) return null
  return { ms: Math.abs(low) <= Math.abs(high) ? low : high, others: found.map(({ name }) => name) }
}

export function clockTroubles(state: NodeState): Trouble[] {
  const isTold = [...state.history.lasting.values()].some(({ code }) => code === 'clock-apart')
  const apart = apartNow(state)
  if (!apart || Math.abs(apart.ms) <= (isTold ? APART_MS.until : APART_MS.from)) return []
  const { node } = state
  const [only = '', ...more] = apart.others
  const whose =
    more.length === 0
      ? `that of ${only}`
      : `those of the ${apart.others.length} other nodes that it hears (their median)`
  const doubt = more.length === 0 ? `; where it is that of ${only} that is wrong, there` : ''
  return [
    {
      ...{ code: 'clock-apart', severity: 'warning', object: `node ${node}` },
      message: `the wall clock of ${node} is ${spanText(Math.abs(apart.ms))} ${apart.ms > 0 ? 'ahead of' : 'behind'} ${whose}`,
      hint: `on ${node}${doubt}: timedatectl, and what should set it (chronyc tracking, or timedatectl timesync-status)`,
    },
  ]
}
