/** Everything that leaves as a datagram, and what this node says to itself. */
import type { Spread } from '@lvsm/heartbeat'
import { type Incarnation, type LeaseGroup, type LeaseView, type Release, votersOf } from '@lvsm/lease'
import type { Asker, Message } from './events.ts'
import type { Seat } from './seat.ts'
import type { Station } from './station.ts'

/** Sends one message under one sequence number; the copy for this node is delivered within the step. Returns the number. */
export function post(station: Station, to: readonly string[], message: Message, spread: Spread): number {
  const sequence = ++station.sequence
  const others = [...new Set(to)].filter((name) => name !== station.node)
  if (to.includes(station.node) && message.kind !== 'beat' && message.kind !== 'relay') {
    station.local.push({ sequence, message })
  }
  if (others.length > 0) {
    const peers: Record<string, Incarnation | null> = {}
    for (const name of others) peers[name] = station.roster.addressOf(name)
    station.effects.push({ kind: 'send', to: others, sequence, spread, message, peers })
  }
  return sequence
}

/** Answers the very process start that asked, whatever else was heard of its node. */
export function reply(station: Station, { node, incarnation, spread }: Asker, message: Message): void {
  if (node === station.node) {
    post(station, [node], message, spread)
    return
  }
  const sequence = ++station.sequence
  station.effects.push({ kind: 'send', to: [node], sequence, spread, message, peers: { [node]: incarnation } })
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
