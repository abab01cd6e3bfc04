/**
 * Voter: REQUEST, POLL and RELEASE go to the acceptor, its answer goes back to the incarnation that asked (packages/lease/PROTOCOL.md,
 * section 3).
 *
 * Law: while nodes count different voters (voter-sets.ts), or the asking node may be cloned, only renewals are granted: a new
 * vote could count in two majorities.
 *
 * A REQUEST that comes a moment before the vote is free waits until then. To the protocol it is a datagram that was longer on
 * its way; it saves the candidate a round trip.
 */
import { type Ack, type Busy, type LeaseView, type Poll, type Release, type Request } from '@lvsm/protocol'
import { after } from '@lvsm/base'
import { groupOf, leadMs, MOST_AHEAD } from '@lvsm/lease'
import type { Asker } from './events.ts'
import { reply } from './send.ts'
import { count, emitEvent, type LeaseState, touch, touchAll } from './state.ts'
import { votersUnsettled } from './voter-sets.ts'

/** Longest wait of a REQUEST, in head starts of a candidate. */
const LONGEST_WAIT_LEADS = 2
/** Guards against rounding of fractions of a millisecond. */
const HAIR_MS = 0.01

export function onRequest(state: LeaseState, view: LeaseView, sender: Asker, message: Request): void {
  const answer = state.acceptor.request(sender, message, state.now, lendsAnew(state, sender))
  if (!answer) return
  if (answer.kind === 'ack') touchSharers(state, view, message)
  nameJump(state, sender, message, answer)
  const soon = answer.kind === 'busy' && answer.reason === 'held' && answer.leftMs <= longestWaitMs(view)
  if (!soon) return reply(state, sender, answer)
  // Of each candidate and group the newest waits.
  const others = state.waitingRequests.filter(
    (one) => one.sender.node !== sender.node || one.message.group !== message.group,
  )
  state.waitingRequests = [...others, { sender, message, until: after(state.now, answer.leftMs + HAIR_MS) }]
}

/** A lease number that no honest node can have come to is refused, and who asked for it is named, once. */
function nameJump(state: LeaseState, { node }: Asker, { group, number }: Request, answer: Ack | Busy): void {
  if (answer.kind !== 'busy' || answer.reason !== 'number' || number <= answer.highWater + MOST_AHEAD) return
  count(state, 'drop-number-jump')
  if (state.jumpers.has(node)) return
  state.jumpers.add(node)
  const reason = `${node} asked for lease ${number} of ${group}, far above ${answer.highWater}: refused`
  emitEvent(state, group, 'note', answer.highWater, reason)
}

function lendsAnew(state: LeaseState, { node }: Asker): boolean {
  const epochLost = state.epochs.lost && state.view?.followed === true
  return state.rules.lendsAnew(votersUnsettled(state) !== null, state.peerTable.doubted(node, state.now), epochLost)
}

/** A vote was lent. Touches the groups whose addresses the request is about: one with another digest may have addresses of any group. */
function touchSharers(state: LeaseState, view: LeaseView, { group, digest }: Request): void {
  if (groupOf(view, group)?.digest === digest) touch(state, group)
  else touchAll(state)
}

const longestWaitMs = (view: LeaseView): number => LONGEST_WAIT_LEADS * leadMs(view.timing)

/** Answers the requests whose vote is free now, in the order of arrival. */
export function tickWaiting(state: LeaseState, view: LeaseView): void {
  const due = state.waitingRequests.filter(({ until }) => until <= state.now)
  if (due.length === 0) return
  state.waitingRequests = state.waitingRequests.filter(({ until }) => until > state.now)
  for (const { sender, message } of due) onRequest(state, view, sender, message)
}

export function onPoll(state: LeaseState, sender: Asker, message: Poll): void {
  const answer = state.acceptor.poll(sender, message, state.now, lendsAnew(state, sender))
  if (answer) reply(state, sender, answer)
}

export function onVoterRelease(state: LeaseState, sender: Asker, message: Release): void {
  if (!state.acceptor.release(sender, message, state.now)) return
  touchAll(state)
  state.waitingRequests = state.waitingRequests.map((one) =>
    one.message.group === message.group ? { ...one, until: state.now } : one,
  )
}
