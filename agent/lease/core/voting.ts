/**
 * This node as a voter: every question goes to the acceptor, every answer goes back to the start that asked.
 *
 * A request that comes a moment before the vote is free waits for that moment. To the protocol it is a datagram that was
 * under way for longer, which may always happen; to the candidate it saves the way there and back.
 */
import { after } from '@lvsm/base'
import { type LeaseView, leadMs, type Poll, type Release, type Request } from '@lvsm/lease'
import type { Asker } from './events.ts'
import { reply } from './post.ts'
import { type Station, touchAll } from './station.ts'

/** A request waits for at most so many head starts of a candidate. */
const LONGEST_WAIT_LEADS = 2
/** Sums of fractions may come out a hair too early. */
const HAIR_MS = 0.01

export function onRequest(station: Station, view: LeaseView, sender: Asker, message: Request): void {
  const answer = station.acceptor.request(sender, message, station.now)
  touchSharers(station, message)
  if (!answer) return
  const soon = answer.kind === 'busy' && answer.reason === 'held' && answer.leftMs <= longestWaitMs(view)
  if (!soon) return reply(station, sender, answer)
  // One for each candidate and group: the newest.
  const others = station.waiting.filter((one) => one.sender.node !== sender.node || one.message.group !== message.group)
  station.waiting = [...others, { sender, message, until: after(station.now, answer.leftMs + HAIR_MS) }]
}

/** A vote is lent for addresses: of a group that has another shape here, they may be in other groups. */
function touchSharers(station: Station, { group, digest }: Request): void {
  const seat = station.seats.get(group)
  if (seat?.group.digest === digest) seat.touched = true
  else touchAll(station)
}

const longestWaitMs = (view: LeaseView): number => LONGEST_WAIT_LEADS * leadMs(view.timing)

/** In the order of their arrival. */
export function tendWaiting(station: Station, view: LeaseView): void {
  const due = station.waiting.filter(({ until }) => until <= station.now)
  if (due.length === 0) return
  station.waiting = station.waiting.filter(({ until }) => until > station.now)
  for (const { sender, message } of due) onRequest(station, view, sender, message)
}

export function onPoll(station: Station, sender: Asker, message: Poll): void {
  const answer = station.acceptor.poll(sender, message, station.now)
  if (answer) reply(station, sender, answer)
}

export function onVoterRelease(station: Station, sender: Asker, message: Release): void {
  station.acceptor.release(sender, message, station.now)
  touchAll(station)
  station.waiting = station.waiting.map((one) =>
    one.message.group === message.group ? { ...one, until: station.now } : one,
  )
}
