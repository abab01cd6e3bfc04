/**
 * Heartbeats: standby, voters and their epoch, a claim (holds, ready, reaches, blind) for each group, and why the node's agent is not there. Each
 * peer has its own interval, and a heartbeat is piggybacked on other messages to it: between an owner and the voters, on every renewal and its answer.
 * Heartbeats show who is alive; no address moves by them.
 *
 * With many groups a heartbeat carries the claims that changed lately and some of the others, round robin, because it must
 * fit an Ethernet frame.
 */
import { type GroupClaim, type Heartbeat, type LeaseView } from '@lvsm/protocol'
import { after, earlier, type Instant, NEVER_BEFORE } from '@lvsm/base'
import { voterDigest } from '@lvsm/lease'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import { epochsOf } from './epochs.ts'
import { sentCounts } from './losses.ts'
import { isLeaseValid, isReady, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { votersUnsettled } from './voter-sets.ts'

/** Part of a keepalive: `heartbeatSoon`. */
const SOON = 1 / 2
/** Part of a peer's interval: with at most so much left, its heartbeat is piggybacked on a message; or sent with those to others. */
const PIGGYBACK = 1 / 2
const NEARLY = 1 / 4
/** Claims in one heartbeat: with names of 32 letters it fits an Ethernet frame, the longest message beside it. */
const LATEST = 6
const CHANGED = 6
const OTHERS = 4
/** A claim counts as changed for so many deadtimes. */
const NEWS = 2
/** How many counts of what was sent have room beside all these claims; in place of a claim; and fewer beside why the agent is not there. */
const COUNTS = { beside: 4, perClaim: 2, forFault: 8 } as const

function claimOf(state: LeaseState, instance: GroupState): GroupClaim {
  const holding = isLeaseValid(instance, state.now)
  return {
    group: instance.group.name,
    holds: holding,
    ready: isReady(instance, state.now) && !state.stopping && votersUnsettled(state) === null,
    reaches: instance.readiness.reaches,
    number: holding ? instance.holder.number : 0,
    leftMs: holding ? instance.holder.deadline - state.now : 0,
    ...(instance.readiness.blind === 0 ? {} : { blind: instance.readiness.blind }),
  }
}

/** The claims to send: the latest changes, further changes round robin, and some of the unchanged round robin. */
function claimsFor(state: LeaseState, view: LeaseView, names: readonly string[]): GroupClaim[] {
  const said = [...state.instances.values()].map((instance) => {
    const claim = claimOf(state, instance)
    const text = `${claim.holds} ${claim.ready} ${claim.reaches} ${claim.blind ?? 0} ${claim.number}`
    if (text !== instance.lastClaim.text) instance.lastClaim = { text, since: state.now }
    return { claim, since: instance.lastClaim.since }
  })
  if (said.length <= LATEST + CHANGED + OTHERS) return said.map(({ claim }) => claim)
  const isNews = ({ since }: { since: Instant }): boolean => state.now < after(since, NEWS * view.timing.deadtimeMs)
  const news = said.filter(isNews).sort((a, b) => b.since - a.since)
  const latest = news.splice(0, LATEST)
  const turn = takeTurn(state, names)
  const changed = someOf(news, turn * CHANGED, CHANGED)
  const old = said.filter((one) => !isNews(one))
  const others = someOf(old, turn * OTHERS, OTHERS)
  return [...latest, ...changed, ...others].map(({ claim }) => claim)
}

/** Advances the round robin of these peers; those that get one heartbeat together go on together. */
function takeTurn(state: LeaseState, names: readonly string[]): number {
  const turn = state.heartbeatTurns.get(names[0] ?? '') ?? 0
  for (const name of names) state.heartbeatTurns.set(name, turn + 1)
  return turn
}

/** `most` items from `place` on, wrapping around. */
function someOf<Item>(list: readonly Item[], place: number, most: number): Item[] {
  const first = list.length === 0 ? 0 : place % list.length
  return [...list.slice(first), ...list.slice(0, first)].slice(0, most)
}

function makeHeartbeat(state: LeaseState, view: LeaseView, names: readonly string[]): Heartbeat {
  const groups = claimsFor(state, view, names)
  const free = COUNTS.perClaim * (LATEST + CHANGED + OTHERS - groups.length)
  const room = COUNTS.beside + free - (state.agentless === '' ? 0 : COUNTS.forFault)
  return {
    kind: 'heartbeat',
    revision: view.revision,
    standby: state.standby,
    voters: voterDigest(view),
    groups,
    ...epochsOf(state, view),
    ...sentCounts(state, view, names, room),
    ...(state.agentless === '' ? {} : { agentless: state.agentless }),
  }
}

const heartbeatDueAt = (state: LeaseState, name: string): Instant => state.heartbeatAt.get(name) ?? NEVER_BEFORE

/** The heartbeat for these peers; the next is due an interval later. */
export function heartbeatFor(state: LeaseState, view: LeaseView, names: readonly string[]): Heartbeat {
  for (const name of names) state.heartbeatAt.set(name, after(state.now, heartbeatIntervalMs(view, state.node, name)))
  return makeHeartbeat(state, view, names)
}

/** At most this part of the interval is left. */
const isWithin = (state: LeaseState, view: LeaseView, name: string, due: Instant, part: number): boolean =>
  state.now >= after(due, -part * heartbeatIntervalMs(view, state.node, name))

export const mayPiggyback = (state: LeaseState, view: LeaseView, name: string): boolean =>
  isWithin(state, view, name, heartbeatDueAt(state, name), PIGGYBACK)

const aloneDueAt = (state: LeaseState, name: string): Instant =>
  earlier(heartbeatDueAt(state, name), state.probeAt.get(name) ?? NEVER_BEFORE)

/** Peers to send a heartbeat to now: those that are due, and those that nearly are, to save wake-ups and encoding. */
export function dueHeartbeats(state: LeaseState, view: LeaseView): string[] {
  if (state.now < nextHeartbeat(state, view)) return []
  const others = view.nodes.map(({ name }) => name).filter((name) => name !== state.node)
  return others.filter((name) => isWithin(state, view, name, aloneDueAt(state, name), NEARLY))
}

export function nextHeartbeat(state: LeaseState, view: LeaseView): Instant {
  let next = Number.POSITIVE_INFINITY as Instant
  for (const { name } of view.nodes) if (name !== state.node) next = earlier(next, aloneDueAt(state, name))
  return next
}

/** Brings all heartbeats forward after a change of ownership or readiness, but behind the messages of the change itself. */
export function heartbeatSoon(state: LeaseState): void {
  const { view } = state
  if (!view) return
  const soon = after(state.now, view.timing.keepaliveMs * SOON)
  for (const [name, at] of state.heartbeatAt) state.heartbeatAt.set(name, earlier(at, soon))
}
