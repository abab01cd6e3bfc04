/**
 * Words between reconcilers have a lane of their own: a bounded queue, and a rate. However much a reconciler says, what the
 * leases need leaves first. Words to one node (orders and answers) go before words to all, which are repeated anyway. Where
 * too many wait the oldest are dropped, because a newer one says what is so now.
 */
import { type LeaseView, MAX_RELAY } from '@lvsm/protocol'
import { type Instant, refill } from '@lvsm/base'
import { affordable, dropOldest, LANE, nextDeparture, nextQueue } from './relay-lane.ts'
import { send } from './send.ts'
import { count, type LeaseState } from './state.ts'

export function onRelay(state: LeaseState, view: LeaseView, to: string | null, payload: Uint8Array): void {
  if (payload.length > MAX_RELAY) return count(state, 'drop-to-lease-long')
  if (to === state.node) {
    state.effects.push({ kind: 'deliver', from: state.node, payload })
    return
  }
  const { relays } = state
  // A word to all is repeated by its agent; one to a single node goes over all links.
  if (to === null) relays.toAll.push({ payload, spread: 'one', to: othersIn(state, view), each: 1, begun: false })
  else relays.toOne.push({ payload, spread: 'all', to: [to], each: linksOf(state, view), begun: false })
  while (dropOldest(relays)) count(state, 'drop-to-lease-crowded')
}

export function tickRelays(state: LeaseState): void {
  const { relays } = state
  refill(relays.bucket, LANE, state.now)
  for (let queue = nextQueue(relays); queue; queue = nextQueue(relays)) {
    const [word] = queue
    const times = word ? affordable(relays, word) : 0
    if (!word || times === 0) return
    const names = word.to.slice(0, times)
    relays.bucket.tokens -= names.length * word.each
    if (names.length < word.to.length) queue[0] = { ...word, to: word.to.slice(times), begun: true }
    else queue.shift()
    if (names.length > 0) send(state, names, { kind: 'relay', payload: word.payload }, word.spread)
  }
}

/** When the next one may leave; null: none waits. */
export const nextRelay = ({ relays }: LeaseState): Instant | null => nextDeparture(relays)

const othersIn = (state: LeaseState, view: LeaseView): string[] =>
  view.nodes.map(({ name }) => name).filter((name) => name !== state.node)

/** No more than can leave in one step. */
const linksOf = (state: LeaseState, view: LeaseView): number =>
  Math.min(LANE.burst, Math.max(1, view.nodes.find(({ name }) => name === state.node)?.links.length ?? 1))
