/** This node as a voter: every question goes to the acceptor, every answer goes back to the start that asked. */
import type { Poll, Release, Request, Sender } from '@lvsm/lease'
import { reply } from './post.ts'
import type { Station } from './station.ts'

export function onRequest(station: Station, sender: Sender, message: Request): void {
  const answer = station.acceptor.request(sender, message, station.now)
  persist(station)
  if (answer) reply(station, sender.node, sender.incarnation, answer)
}

export function onPoll(station: Station, sender: Sender, message: Poll): void {
  const answer = station.acceptor.poll(sender, message, station.now)
  if (answer) reply(station, sender.node, sender.incarnation, answer)
}

export function onVoterRelease(station: Station, sender: Sender, message: Release): void {
  station.acceptor.release(sender, message, station.now)
}

/** Lease numbers are reserved on disk ahead of their use, also once at the start. */
export function persist(station: Station): void {
  const highWater = station.acceptor.takeReserve()
  if (highWater !== null) station.effects.push({ kind: 'persist', highWater })
}
