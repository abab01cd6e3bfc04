/** Everything that leaves as a datagram, and what this node says to itself. */
import type { Route, Spread } from '@lvsm/heartbeat'
import { type LeaseGroup, type LeaseView, type Release, votersOf } from '@lvsm/lease'
import { beatFor, dueBeats, isRipe } from './beats.ts'
import type { Asker, Message, Recipient } from './events.ts'
import type { Seat } from './seat.ts'
import type { Station } from './station.ts'

/** Sends one message under one sequence number; the copy for this node is delivered within the step. Returns the number. */
export function post(station: Station, to: readonly string[], message: Message, spread: Spread): number {
  const sequence = ++station.sequence
  const others = [...new Set(to)].filter((name) => name !== station.node)
  if (to.includes(station.node) && message.kind !== 'beat' && message.kind !== 'relay') {
    station.local.push({ sequence, message })
  }
  const peers: Record<string, Recipient> = {}
  for (const name of others) {
    const incarnation = station.roster.address(name, station.now)
    peers[name] = { incarnation, route: routeTo(station, name, spread, message.kind === 'beat') }
  }
  dispatch(station, peers, { sequence, spread, message })
  return sequence
}

/** What goes by turns takes the next link with each message. */
function routeTo(station: Station, name: string, spread: Spread, beat: boolean): Route {
  const heardOn = station.roster.linkOf(name)
  const turn = station.turns.get(name) ?? 0
  if (spread === 'one' && (beat || heardOn === null)) station.turns.set(name, turn + 1)
  return { spread, heardOn, beat, turn }
}

/** Answers the very process start that asked, whatever else was heard of its node. */
export function reply(station: Station, { node, incarnation, spread }: Asker, message: Message): void {
  if (node === station.node) post(station, [node], message, spread)
  else {
    const route = routeTo(station, node, spread, false)
    dispatch(station, { [node]: { incarnation, route } }, { sequence: ++station.sequence, spread, message })
  }
}

interface Sealed {
  readonly sequence: number
  readonly spread: Spread
  readonly message: Message
}

/** To those whose beat is ripe the message takes it along. */
function dispatch(station: Station, peers: Readonly<Record<string, Recipient>>, sealed: Sealed): void {
  const names = Object.keys(peers)
  const { view } = station
  // A relay may fill a datagram alone.
  const carries = view !== null && sealed.message.kind !== 'beat' && sealed.message.kind !== 'relay'
  const ripe = carries ? names.filter((name) => isRipe(station, view, name)) : []
  const others = names.filter((name) => !ripe.includes(name))
  if (view && ripe.length > 0)
    station.effects.push({ kind: 'send', to: ripe, ...sealed, rider: beatFor(station, view, ripe), peers })
  if (others.length > 0) station.effects.push({ kind: 'send', to: others, ...sealed, rider: null, peers })
}

export const beatTo = (station: Station, view: LeaseView, names: readonly string[]): number =>
  post(station, names, beatFor(station, view, names), 'one')

export function tendBeats(station: Station, view: LeaseView): void {
  const due = dueBeats(station, view)
  if (due.length > 0) beatTo(station, view, due)
}

export const about = (view: LeaseView, group: LeaseGroup): { group: string; digest: string; epoch: number } => ({
  group: group.name,
  digest: group.digest,
  epoch: view.epoch,
})

/** RELEASE goes to the voters, and to the directors, who then need not wait for their next poll. */
export function postRelease(
  station: Station,
  view: LeaseView,
  seat: Seat,
  upTo: number,
  successor: string | null,
  spread: Spread,
): void {
  const message: Release = { kind: 'release', ...about(view, seat.group), upTo, successor }
  post(station, [...votersOf(view), ...seat.group.directors, ...(successor ? [successor] : [])], message, spread)
}
