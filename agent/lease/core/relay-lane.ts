/** The lane of the words between reconcilers: what waits in it, and how much may leave it (`relays`). */
import { type Spread } from '@lvsm/protocol'
import { after, fullBucket, type Instant, type Rate, type TokenBucket } from '@lvsm/base'

/** Datagrams, over all links; a burst leaves in one step, and is a few milliseconds where a datagram is slow. */
export const LANE: Rate = { perSecond: 100, burst: 20 }
/** Two and a half seconds of datagrams. */
const LONGEST_QUEUE = 256
const MOST_BYTES = 1024 * 1024
/** Of a sum of parts of a datagram. */
const ROUNDING = 1e-6

export interface Word {
  readonly payload: Uint8Array
  readonly spread: Spread
  /** Who did not get it yet. */
  readonly to: readonly string[]
  /** Datagrams to each of them. */
  readonly each: number
  /** Some have it: it is not dropped, or those at the end of the list would never hear anything. */
  readonly begun: boolean
}
export interface RelayLane {
  /** First in, first out. */
  readonly toOne: Word[]
  readonly toAll: Word[]
  /** Datagrams that may leave. */
  readonly bucket: TokenBucket
}
export const newRelayLane = (now: Instant): RelayLane => ({ toOne: [], toAll: [], bucket: fullBucket(LANE, now) })

/** How many of those that wait for a word may have it now. */
export const affordable = ({ bucket }: RelayLane, { each }: Word): number =>
  Math.floor((bucket.tokens + ROUNDING) / each)

/** When the next word may leave; null: none waits. */
export function nextDeparture(lane: RelayLane): Instant | null {
  const word = nextQueue(lane)?.[0]
  const { tokens, at } = lane.bucket
  return word ? after(at, Math.max(0, ((word.each - tokens) * 1000) / LANE.perSecond)) : null
}

export const nextQueue = ({ toOne, toAll }: RelayLane): Word[] | undefined =>
  [toOne, toAll].find((queue) => queue.length > 0)

/** The oldest that nobody got yet, of words to all where there are any; true: it was too much. */
export function dropOldest(lane: RelayLane): boolean {
  if (!isTooMuch(lane)) return false
  const queue = lane.toAll.length > 1 ? lane.toAll : lane.toOne.length > 0 ? lane.toOne : lane.toAll
  queue.splice(queue[0]?.begun && queue.length > 1 ? 1 : 0, 1)
  return true
}

function isTooMuch({ toOne, toAll }: RelayLane): boolean {
  const words = [...toOne, ...toAll]
  return words.length > LONGEST_QUEUE || words.reduce((sum, { payload }) => sum + payload.length, 0) > MOST_BYTES
}
