/**
 * What moved when, and why: a ring in memory, of this node and of what others told. The wall clock is only shown: what is
 * told again and what is dropped goes by when this process heard of it.
 */
import { type EventReport, type HistoryEvent, type NumberedEvent, OWNERSHIP_EVENTS } from '@lvsm/protocol'
import { after, between, fullBucket, type Rate, takeToken } from '@lvsm/base'
import { directsGroup } from '../entitled.ts'
import { count, type NodeState } from '../state.ts'

export const LONGEST_HISTORY = 500
/** Own events younger than this are told again with every state: a lost datagram loses none. */
const RETELL_MS = 10_000
/** So many new events of one node are taken: a director may tell of all its groups at once, and nobody goes on like that. */
const TAKEN: Rate = { perSecond: 10, burst: LONGEST_HISTORY }
/** Clocks of honest nodes differ by less. */
const AHEAD_MS = 60_000
/** As `Date.toISOString` writes it: texts in the order of time. */
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const keyOf = ({ at, node, group, kind, number, reason }: HistoryEvent): string =>
  JSON.stringify([at, node, group, kind, number, reason])

export interface Note {
  readonly group: string
  readonly kind: string
  readonly number: number
  readonly reason: string
}

/** Something that happened here. */
export const note = (state: NodeState, { group, kind, number, reason }: Note): void =>
  add(state, { at: state.wall(state.now), node: state.node, group, kind, number, reason })

/** What another node says of itself; what was told before is skipped, and so is what cannot have happened to it. */
export function noteTold(state: NodeState, node: string, events: readonly EventReport[]): void {
  for (const { at, group, kind, number, reason } of events) {
    if (isOwnership(kind) && !directsGroup(state, node, group)) count(state, 'drop-message-not-entitled')
    else tell(state, { at, node, group, kind, number, reason })
  }
}

function tell(state: NodeState, said: HistoryEvent): void {
  const { now, known, eventBudgets } = state
  if (known.has(keyOf(said))) return
  const bucket = eventBudgets.get(said.node) ?? fullBucket(TAKEN, now)
  eventBudgets.set(said.node, bucket)
  if (!takeToken(bucket, TAKEN, now)) count(state, 'drop-relay-flood')
  else add(state, said, shownTime(state, said.at))
}

const isOwnership = (kind: string): boolean => OWNERSHIP_EVENTS.some((one) => one === kind)

/** Its clock as it says, unless that is none, or far ahead of ours: nothing is to stay at the end of the list for ever. */
const shownTime = (state: NodeState, at: string): string =>
  ISO.test(at) && at <= state.wall(after(state.now, AHEAD_MS)) ? at : state.wall(state.now)

/** It is known by what was said, and shown with `at`. */
function add(state: NodeState, said: HistoryEvent, at = said.at): void {
  const key = keyOf(said)
  if (state.known.has(key)) return
  state.known.add(key)
  const serial = said.node === state.node ? ++state.happened : 0
  state.history.push({ event: { ...said, at }, key, addedAt: state.now, serial })
  if (state.history.length <= LONGEST_HISTORY) return
  const [oldest] = state.history.splice(oldestOf(state, talker(state)), 1)
  if (oldest) state.known.delete(oldest.key)
}

/** Who has most of the room: a node that talks a lot pushes out its own words. */
function talker({ history }: NodeState): string {
  const counts = new Map<string, number>()
  for (const { event } of history) counts.set(event.node, (counts.get(event.node) ?? 0) + 1)
  return [...counts].reduce((most, one) => (one[1] > most[1] ? one : most))[0]
}

/** Who owned what stays, as long as it is the smaller part: a realserver that fails and recovers without end is not to push it out. */
function oldestOf({ history }: NodeState, node: string): number {
  const its = history.flatMap(({ event }, at) => (event.node === node ? [{ at, moves: isOwnership(event.kind) }] : []))
  const lesser = its.filter(({ moves }) => !moves)
  const [oldest] = lesser.length >= its.length / 2 ? lesser : its
  return oldest?.at ?? 0
}

/** For people: in the order of the wall clocks of those who told it. */
export const historyOf = ({ history }: NodeState): readonly HistoryEvent[] =>
  history.map(({ event }) => event).sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0))

/** What this node tells others of itself now. */
export const toTell = ({ history, node, now }: NodeState): EventReport[] =>
  history
    .filter(({ event, addedAt }) => event.node === node && between(addedAt, now) <= RETELL_MS)
    .map(({ event: { at, group, kind, number, reason } }) => ({ at, group, kind, number, reason }))

/** All that this node remembers of itself, for the coordinators. */
export const toReport = ({ history, node }: NodeState): NumberedEvent[] =>
  history
    .filter(({ event }) => event.node === node)
    .map(({ serial, event: { at, group, kind, number, reason } }) => ({ serial, at, group, kind, number, reason }))
