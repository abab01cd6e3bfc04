/**
 * When to look at the kernel: at a steady pace, sooner for a reason, never twice at once and never in a burst. The agent is
 * level-triggered: an event only says that a look is due, the look says what is.
 */
import { after, between, earlier, type Instant, later } from '@lvsm/base'
import {
  formerSettings,
  forwardsAnswers,
  helperPorts,
  isGueWanted,
  type Observed,
  ownsServices,
  tunnelEnds,
} from '@lvsm/plan'
import type { NodeState } from '../state.ts'
import { suspectNeighbours } from './neighbours.ts'
import { startAnewWhereMended } from './paths-mended.ts'
import { lookAtPathsIfDue, nextPathLook } from './paths.ts'
import { answersWanted } from './answers.ts'
import { macsWanted } from './mac-names.ts'
import { waysWanted } from './way-places.ts'

const LOOK_MS = 1000
/**
 * A table of so many destinations, ten thousand of which cost a tenth of a second to go over, is looked at once a second, a larger one more
 * rarely: looking costs a fiftieth of a core at most. Nobody waits longer than LONGEST_MS for what somebody changed.
 */
const ENTRIES_A_SECOND = 1000
const LONGEST_MS = 10_000
const SHORTEST_LOOK_MS = 20

/** How soon after what the next look is due, at the latest. */
export const LOOK_IN = {
  /** An event of the kernel: so that a burst is one look. */
  settledMs: 50,
  /** Operations that went well: so that they are seen to stand. */
  verifyMs: 100,
  /** While connections of a moving group drain. */
  drainingMs: 100,
  /** A change of hands: the table is warm, and the processor belongs to the move. */
  movedMs: 250,
} as const

export function lookWithin({ rhythm, now }: NodeState, ms = 0): void {
  rhythm.lookAt = earlier(rhythm.lookAt, later(after(now, ms), after(rhythm.lookedAt, SHORTEST_LOOK_MS)))
}

/** Of a look for a check's turn, after the last one: such looks cost a twentieth of a core at most. */
const TURN_MS_FOR_EACH = 0.2

/** For a check that waits for its turn. Milliseconds that it waits at most until the look. */
export function lookForTurn(state: NodeState): number {
  const { rhythm, kernel, now } = state
  const waitMs = Math.max(0, entriesIn(kernel.observed) * TURN_MS_FOR_EACH - between(rhythm.lookedAt, now))
  lookWithin(state, waitMs)
  return waitMs
}

/** The look is over: the next one comes at the steady pace, if nothing asks for it before. */
export function looked({ rhythm, kernel, now }: NodeState): void {
  rhythm.looking = false
  rhythm.lookedAt = now
  rhythm.lookAt = after(now, paceMs(kernel.observed))
}
/** The kernel could not be read. */
export function lookFailed(state: NodeState, error: string): void {
  looked(state)
  state.kernel.unread = { times: state.kernel.unread.times + 1, error }
}
const paceMs = (observed: Observed | null): number =>
  Math.min(LONGEST_MS, LOOK_MS * Math.max(1, entriesIn(observed) / ENTRIES_A_SECOND))
const entriesIn = (observed: Observed | null): number =>
  observed?.services?.reduce((sum, { dests }) => sum + dests.length, 0) ?? 0

/** Asks for a look when one is due, at the kernel and at how connections get on; its answer ends it. */
export function lookIfDue(state: NodeState): void {
  startAnewWhereMended(state)
  lookAtPathsIfDue(state)
  const { rhythm, kernel, view, now } = state
  if (!state.config || rhythm.looking || now < rhythm.lookAt) return
  rhythm.looking = true
  const needed = kernel.wanted?.sysctls.map(({ path }) => path) ?? []
  const sysctls = [...new Set([...needed, ...formerSettings(kernel.owned)])]
  // Who was a director has a table to clear.
  const gue = isGueWanted(kernel.wanted?.gue ?? [], kernel.owned)
  const services = (view?.directs.length ?? 0) > 0 || ownsServices(kernel.owned)
  const helpers = view !== null && helperPorts(view).length > 0
  const ends = view === null ? [] : tunnelEnds(view)
  const sources = ends.length > 0 ? { sources: ends } : {}
  const towards = waysWanted(state)
  const ways = towards.length > 0 ? { ways: towards } : {}
  const clients = answersWanted(state)
  const answering = clients.length > 0 ? { answering: clients } : {}
  const neighbours = suspectNeighbours(state).length > 0 ? { neighbours: true as const } : {}
  const named = macsWanted(state)
  const macs = named.length > 0 ? { macs: named } : {}
  const forwarding = view !== null && forwardsAnswers(view) ? { forwarding: true as const } : {}
  state.effects.push({
    kind: 'observe',
    sysctls,
    services,
    gue,
    helpers,
    ...sources,
    ...ways,
    ...answering,
    ...neighbours,
    ...macs,
    ...forwarding,
  })
}

export function nextLook(state: NodeState): Instant | null {
  const { rhythm, config } = state
  const paths = nextPathLook(state)
  if (rhythm.looking || !config) return paths
  return paths === null ? rhythm.lookAt : earlier(rhythm.lookAt, paths)
}
