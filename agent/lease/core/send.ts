/** Outgoing messages: datagrams to peers, and the copy for this node itself. */
import { type LeaseGroup, type LeaseView, type Message, type Release, type Spread } from '@lvsm/protocol'
import type { Route } from '@lvsm/heartbeat'
import { votersOf } from '@lvsm/lease'
import { heartbeatFor, dueHeartbeats, mayPiggyback } from './heartbeats.ts'
import type { Asker, Recipient } from './events.ts'
import type { GroupState } from './group-state.ts'
import { probed, wordLink } from './links.ts'
import { countSent, triedLink } from './losses.ts'
import { noteDead } from './peers.ts'
import type { LeaseState } from './state.ts'

/** Sends a message under one new sequence number, and returns that. The copy for this node is delivered within the step. */
export function send(state: LeaseState, to: readonly string[], message: Message, spread: Spread): number {
  const sequence = ++state.sequence
  const others = [...new Set(to)].filter((name) => name !== state.node)
  if (to.includes(state.node) && message.kind !== 'heartbeat' && message.kind !== 'relay') {
    state.local.push({ sequence, message })
  }
  const peers: Record<string, Recipient> = {}
  for (const name of others) {
    const incarnation = state.peerTable.address(name, state.now)
    peers[name] = { incarnation, route: routeTo(state, name, spread, message.kind) }
  }
  transmit(state, peers, { sequence, spread, message })
  return sequence
}

/** Route of a datagram. With `one`, the link changes with each datagram that has no known link. */
function routeTo(state: LeaseState, name: string, spread: Spread, kind: Message['kind']): Route {
  const heartbeat = kind === 'heartbeat'
  const heardOn = (kind === 'relay' ? wordLink(state, name) : null) ?? state.peerTable.linkOf(name)
  const turn = state.linkTurns.get(name) ?? 0
  if (spread === 'one' && (heartbeat || heardOn === null)) state.linkTurns.set(name, turn + 1)
  return { spread, heardOn, heartbeat, turn }
}

/** Replies to the incarnation that asked, even where a newer one was heard meanwhile. */
export function reply(state: LeaseState, { node, incarnation, spread }: Asker, message: Message): void {
  if (node === state.node) send(state, [node], message, spread)
  else {
    const route = routeTo(state, node, spread, message.kind)
    transmit(state, { [node]: { incarnation, route } }, { sequence: ++state.sequence, spread, message })
  }
}

interface Sealed {
  readonly sequence: number
  readonly spread: Spread
  readonly message: Message
}

/** Emits `send` effects, with a heartbeat piggybacked for the peers that are nearly due one. */
function transmit(state: LeaseState, peers: Readonly<Record<string, Recipient>>, sealed: Sealed): void {
  const names = Object.keys(peers)
  const { view } = state
  // A relay may fill its datagram.
  const carries = view !== null && sealed.message.kind !== 'heartbeat' && sealed.message.kind !== 'relay'
  const ripe = carries ? names.filter((name) => mayPiggyback(state, view, name)) : []
  const others = names.filter((name) => !ripe.includes(name))
  if (view && ripe.length > 0)
    state.effects.push({ kind: 'send', to: ripe, ...sealed, piggybacked: heartbeatFor(state, view, ripe), peers })
  if (others.length > 0) state.effects.push({ kind: 'send', to: others, ...sealed, piggybacked: null, peers })
  for (const name of names) {
    const { incarnation = null, route } = peers[name] ?? {}
    const tried = route && view && sealed.message.kind === 'heartbeat' ? triedLink(state, view, name, route) : null
    countSent(state, name, incarnation, tried)
  }
}

export function sendHeartbeat(state: LeaseState, view: LeaseView, names: readonly string[]): void {
  probed(state, view, names)
  send(state, names, heartbeatFor(state, view, names), 'one')
}

export function tickHeartbeats(state: LeaseState, view: LeaseView): void {
  const due = dueHeartbeats(state, view)
  if (due.length === 0) return
  sendHeartbeat(state, view, due)
  noteDead(state, view)
}

export const about = (view: LeaseView, group: LeaseGroup): { group: string; digest: string; epoch: number } => ({
  group: group.name,
  digest: group.digest,
  epoch: view.epoch,
})

/** Sends RELEASE to the voters, and to the directors, which can then ask at once instead of at their next poll. */
export function sendRelease(
  state: LeaseState,
  view: LeaseView,
  instance: GroupState,
  upTo: number,
  successor: string | null,
  spread: Spread,
): void {
  const message: Release = { kind: 'release', ...about(view, instance.group), upTo, successor }
  send(state, [...votersOf(view), ...instance.group.directors, ...(successor ? [successor] : [])], message, spread)
}
