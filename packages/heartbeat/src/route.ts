/** The links over which a message goes. */
import type { Spread } from '@lvsm/protocol'

/** Where a message goes first; the others that both nodes have are there when this one cannot be used. */
export interface Route {
  readonly spread: Spread
  /** Our link by which the peer was heard last; null when it was not. */
  readonly heardOn: number | null
  /** A heartbeat of its own, which takes turns over the links, so that each is tried. */
  readonly heartbeat: boolean
  /** Counts the messages to this peer that went by turns. */
  readonly turn: number
}

/** The links to send over, out of those that both nodes share and that work: indexes of our own links. */
export function linksFor(shared: readonly number[], { spread, heardOn, heartbeat, turn }: Route): readonly number[] {
  if (spread === 'all' || shared.length < 2) return shared
  if (!heartbeat && heardOn !== null && shared.includes(heardOn)) return [heardOn]
  return shared.slice(turn % shared.length, (turn % shared.length) + 1)
}
