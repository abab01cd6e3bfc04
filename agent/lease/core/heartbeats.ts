/**
 * Heartbeats, with what this node holds and is ready for. Each peer has its own pace, and a beat that is ripe goes along
 * with whatever else goes to the peer: between an owner and the voters that is every renewal and its answer. What moves
 * ownership are the leases' own messages; beats tell who is there.
 *
 * A beat of many groups names those of which something changed lately, and a few of the others, each in turn: its length
 * does not grow with the groups.
 */
import { after, earlier, type Instant, NEVER_BEFORE } from '@lvsm/base'
import type { Beat, GroupClaim } from '@lvsm/heartbeat'
import { type LeaseView, voterDigest } from '@lvsm/lease'
import { heartbeatIntervalMs } from './heartbeat-interval.ts'
import { isLeaseValid, isReady, type GroupState } from './group-state.ts'
import type { LeaseState } from './state.ts'
import { votersUnsettled } from './voter-sets.ts'

/** Of a keepalive. */
const SOON = 1 / 2
/** Of a peer's interval: with so much of it left, a beat goes along with another message; or with the beats to others. */
const PIGGYBACK = 1 / 2
const NEARLY = 1 / 4
/** Groups in one beat: with names of 32 letters it still fits an Ethernet frame, a request beside it. */
const LATEST = 6
const CHANGED = 6
const OTHERS = 4
/** For so many deadtimes a change is news. */
const NEWS = 2

function claimOf(state: LeaseState, instance: GroupState): GroupClaim {
  const holding = isLeaseValid(instance, state.now)
  return {
    group: instance.group.name,
    holds: holding,
    ready: isReady(instance, state.now) && !state.stopping && votersUnsettled(state) === null,
    reaches: instance.readiness.reaches,
    number: holding ? instance.holder.number : 0,
    leftMs: holding ? instance.holder.deadline - state.now : 0,
  }
}

/** The latest changes, others of these in turn, and in turn some of what did not change. */
function claimsFor(state: LeaseState, view: LeaseView, names: readonly string[]): GroupClaim[] {
  const said = [...state.instances.values()].map((instance) => {
    const claim = claimOf(state, instance)
    const text = `${claim.holds} ${claim.ready} ${claim.reaches} ${claim.number}`
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

/** Each peer is told of all groups in turn; those who get one beat together go on together. */
function takeTurn(state: LeaseState, names: readonly string[]): number {
  const turn = state.heartbeatTurns.get(names[0] ?? '') ?? 0
  for (const name of names) state.heartbeatTurns.set(name, turn + 1)
  return turn
}

/** So many in a row, from a place, and from the beginning again. */
function someOf<Item>(list: readonly Item[], place: number, most: number): Item[] {
  const first = list.length === 0 ? 0 : place % list.length
  return [...list.slice(first), ...list.slice(0, first)].slice(0, most)
}

const makeHeartbeat = (state: LeaseState, view: LeaseView, names: readonly string[]): Beat => ({
  kind: 'beat',
  revision: view.revision,
  standby: state.standby,
  voters: voterDigest(view),
  groups: claimsFor(state, view, names),
})

const heartbeatDueAt = (state: LeaseState, name: string): Instant => state.heartbeatAt.get(name) ?? NEVER_BEFORE

/** What these peers are told now; they are due again an interval later. */
export function heartbeatFor(state: LeaseState, view: LeaseView, names: readonly string[]): Beat {
  for (const name of names) state.heartbeatAt.set(name, after(state.now, heartbeatIntervalMs(view, state.node, name)))
  return makeHeartbeat(state, view, names)
}

/** Whether this part of the interval, or less, is left until a peer's next beat. */
const isWithin = (state: LeaseState, view: LeaseView, name: string, part: number): boolean =>
  state.now >= after(heartbeatDueAt(state, name), -part * heartbeatIntervalMs(view, state.node, name))

export const mayPiggyback = (state: LeaseState, view: LeaseView, name: string): boolean =>
  isWithin(state, view, name, PIGGYBACK)

/** Whose beat is due; with it go those that nearly are: one wake, and what is the same for many is encoded once. */
export function dueHeartbeats(state: LeaseState, view: LeaseView): string[] {
  if (state.now < nextHeartbeat(state, view)) return []
  const others = view.nodes.map(({ name }) => name).filter((name) => name !== state.node)
  return others.filter((name) => isWithin(state, view, name, NEARLY))
}

export function nextHeartbeat(state: LeaseState, view: LeaseView): Instant {
  let next = Number.POSITIVE_INFINITY as Instant
  for (const { name } of view.nodes) if (name !== state.node) next = earlier(next, heartbeatDueAt(state, name))
  return next
}

/** Peers should know soon that something changed hands: after what the change itself has to send and to do. */
export function heartbeatSoon(state: LeaseState): void {
  const { view } = state
  if (!view) return
  const soon = after(state.now, view.timing.keepaliveMs * SOON)
  for (const [name, at] of state.heartbeatAt) state.heartbeatAt.set(name, earlier(at, soon))
}
