/**
 * This node as a voter: every question goes to the acceptor, every answer goes back to the start that asked.
 *
 * Law: while the voters are not settled (voter-sets.ts), or two machines speak as the node that asks, nothing is lent anew:
 * the vote would count in two majorities. What is lent already is renewed.
 *
 * A request that comes a moment before the vote is free waits for that moment. To the protocol it is a datagram that was
 * under way for longer, which may always happen; to the candidate it saves the way there and back.
 */
import { after } from '@lvsm/base'
import { groupOf, type LeaseView, leadMs, type Poll, type Release, type Request } from '@lvsm/lease'
import type { Asker } from './events.ts'
import { reply } from './send.ts'
import { type LeaseState, touch, touchAll } from './state.ts'
import { votersUnsettled } from './voter-sets.ts'

/** A request waits for at most so many head starts of a candidate. */
const LONGEST_WAIT_LEADS = 2
/** Sums of fractions may come out a hair too early. */
const HAIR_MS = 0.01

export function onRequest(state: LeaseState, view: LeaseView, sender: Asker, message: Request): void {
  const answer = state.acceptor.request(sender, message, state.now, lendsAnew(state, sender))
  touchSharers(state, view, message)
  if (!answer) return
  const soon = answer.kind === 'busy' && answer.reason === 'held' && answer.leftMs <= longestWaitMs(view)
  if (!soon) return reply(state, sender, answer)
  // One for each candidate and group: the newest.
  const others = state.waitingRequests.filter(
    (one) => one.sender.node !== sender.node || one.message.group !== message.group,
  )
  state.waitingRequests = [...others, { sender, message, until: after(state.now, answer.leftMs + HAIR_MS) }]
}

const lendsAnew = (state: LeaseState, { node }: Asker): boolean =>
  state.rules.lendsAnew(votersUnsettled(state) !== null, state.roster.double(node, state.now) !== null)

/** A vote is lent for addresses: those of a group that has another shape here may be in other groups. */
function touchSharers(state: LeaseState, view: LeaseView, { group, digest }: Request): void {
  if (groupOf(view, group)?.digest === digest) touch(state, group)
  else touchAll(state)
}

const longestWaitMs = (view: LeaseView): number => LONGEST_WAIT_LEADS * leadMs(view.timing)

/** In the order of their arrival. */
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
  state.acceptor.release(sender, message, state.now)
  touchAll(state)
  state.waitingRequests = state.waitingRequests.map((one) =>
    one.message.group === message.group ? { ...one, until: state.now } : one,
  )
}
