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
import { beatIntervalMs } from './pace.ts'
import { holds, isReady, type Seat } from './seat.ts'
import type { Station } from './station.ts'

/** Of a keepalive. */
const SOON = 1 / 2
/** Of a peer's interval: with so much of it left, a beat goes along with another message; or with the beats to others. */
const RIPE = 1 / 2
const NEARLY = 1 / 4
/** Groups in one beat: with names of 32 letters it still fits an Ethernet frame, a request beside it. */
const LATEST = 6
const CHANGED = 6
const OTHERS = 4
/** For so many deadtimes a change is news. */
const NEWS = 2

function claimOf(station: Station, seat: Seat): GroupClaim {
  const holding = holds(seat, station.now)
  return {
    group: seat.group.name,
    holds: holding,
    ready: isReady(seat, station.now) && !station.stopping,
    reaches: seat.says.reaches,
    number: holding ? seat.holder.number : 0,
    leftMs: holding ? seat.holder.deadline - station.now : 0,
  }
}

/** The latest changes, others of these in turn, and in turn some of what did not change. */
function claims(station: Station, view: LeaseView, names: readonly string[]): GroupClaim[] {
  const said = [...station.seats.values()].map((seat) => {
    const claim = claimOf(station, seat)
    const text = `${claim.holds} ${claim.ready} ${claim.reaches} ${claim.number}`
    if (text !== seat.claim.text) seat.claim = { text, since: station.now }
    return { claim, since: seat.claim.since }
  })
  if (said.length <= LATEST + CHANGED + OTHERS) return said.map(({ claim }) => claim)
  const isNews = ({ since }: { since: Instant }): boolean => station.now < after(since, NEWS * view.timing.deadtimeMs)
  const news = said.filter(isNews).sort((a, b) => b.since - a.since)
  const latest = news.splice(0, LATEST)
  const turn = takeTurn(station, names)
  const changed = someOf(news, turn * CHANGED, CHANGED)
  const old = said.filter((one) => !isNews(one))
  const others = someOf(old, turn * OTHERS, OTHERS)
  return [...latest, ...changed, ...others].map(({ claim }) => claim)
}

/** Each peer is told of all groups in turn; those who get one beat together go on together. */
function takeTurn(station: Station, names: readonly string[]): number {
  const turn = station.told.get(names[0] ?? '') ?? 0
  for (const name of names) station.told.set(name, turn + 1)
  return turn
}

/** So many in a row, from a place, and from the beginning again. */
function someOf<Item>(list: readonly Item[], place: number, most: number): Item[] {
  const first = list.length === 0 ? 0 : place % list.length
  return [...list.slice(first), ...list.slice(0, first)].slice(0, most)
}

const beat = (station: Station, view: LeaseView, names: readonly string[]): Beat => ({
  kind: 'beat',
  revision: view.revision,
  standby: station.standby,
  voters: voterDigest(view),
  groups: claims(station, view, names),
})

const dueAt = (station: Station, name: string): Instant => station.beatAt.get(name) ?? NEVER_BEFORE

/** What these peers are told now; they are due again an interval later. */
export function beatFor(station: Station, view: LeaseView, names: readonly string[]): Beat {
  for (const name of names) station.beatAt.set(name, after(station.now, beatIntervalMs(view, station.node, name)))
  return beat(station, view, names)
}

/** Whether this part of the interval, or less, is left until a peer's next beat. */
const isWithin = (station: Station, view: LeaseView, name: string, part: number): boolean =>
  station.now >= after(dueAt(station, name), -part * beatIntervalMs(view, station.node, name))

export const isRipe = (station: Station, view: LeaseView, name: string): boolean => isWithin(station, view, name, RIPE)

/** Whose beat is due; with it go those that nearly are: one wake, and what is the same for many is encoded once. */
export function dueBeats(station: Station, view: LeaseView): string[] {
  if (station.now < nextBeat(station, view)) return []
  const others = view.nodes.map(({ name }) => name).filter((name) => name !== station.node)
  return others.filter((name) => isWithin(station, view, name, NEARLY))
}

export function nextBeat(station: Station, view: LeaseView): Instant {
  let next = Number.POSITIVE_INFINITY as Instant
  for (const { name } of view.nodes) if (name !== station.node) next = earlier(next, dueAt(station, name))
  return next
}

/** A process start that was not heard before knows nothing yet: everything is news. */
export function tellAll(station: Station): void {
  for (const seat of station.seats.values()) seat.claim = { ...seat.claim, since: station.now }
}

/** Peers should know at once: this process will not be there for long. */
export const beatNow = (station: Station): void => station.beatAt.clear()

/** Peers should know soon that something changed hands: after what the change itself has to send and to do. */
export function beatSoon(station: Station): void {
  const { view } = station
  if (!view) return
  const soon = after(station.now, view.timing.keepaliveMs * SOON)
  for (const [name, at] of station.beatAt) station.beatAt.set(name, earlier(at, soon))
}
